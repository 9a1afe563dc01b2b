"""Web archives over HTTP: captures, CDX, playback, codings, digests, the dialects of archives."""
