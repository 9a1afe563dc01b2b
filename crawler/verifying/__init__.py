"""The recovered tree held against the ledger, the store, and its manifest: everything read once, nothing changed."""
