"""One module per step of the DAG: `NAME`, `HELP`, `add_arguments(parser)` and `run(context)`."""
