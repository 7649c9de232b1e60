"""One module per step of the DAG: `HELP`, `add_arguments(parser)` and `run(context)`."""
