# Documented example values that nobody owns: write your own.
account_id = "111122223333"
region     = "eu-west-1"
repository = { owner = "example-org", owner_id = 1001, name = "mlops-platform", id = 2002 }
