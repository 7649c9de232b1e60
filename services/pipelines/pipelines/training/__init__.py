"""Training one candidate: what it depends on, the choice of its parameters, and the record of it."""
