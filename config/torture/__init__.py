"""`manage.py torture stock`: many clients do everything to the same few products at once, and some are killed.

company.py makes what they fight for, steps.py what they do (a table of weights: a new verb is one more row), clients.py
the processes and their ends, judge.py what must be true afterwards, run.py the order of it all.
"""
