"""A plain twin of the country: every person an object, every rule a loop that can be read aloud.

It is slow and obvious on purpose. It is written from the equations in the docstrings of `sim/processes` and
shares no rule with them; only the draws are the same, because luck belongs to a decision, a week and a
person.
"""
