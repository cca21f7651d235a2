"""What benches/run.py is made of: the tools of a part, the machine's facts, the table and the plots."""
