"""The report on an output directory: figures from the ledger, the files and the runs' records; pictures; one page of HTML."""
