"""`xent score`: the losses of predictions in files, in batches, with a summary for people, machines or a browser.

Data goes one way: arguments -> files (arrays, tables) -> problem (blocks of rows) -> scorer (library, statistics)
-> summary -> text, JSON, report.
"""
