# Documented example values that no account owns: write your own.
account_id     = "111122223333"
admin_role_arn = "arn:aws:iam::111122223333:role/platform-admin"
alarm_emails   = ["platform@example.com"]
client_cidrs   = ["10.0.0.0/8"]
domain         = "mlops.example.com"
region         = "eu-west-1"
