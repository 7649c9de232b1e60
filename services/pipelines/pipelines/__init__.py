"""The steps of the training DAG."""
