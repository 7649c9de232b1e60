"""Whether a candidate is good enough to serve: metrics, intervals, slices, budgets and the decision of the gate.

Everything here is a function of arrays and numbers; the steps do the reading and the writing.
"""
