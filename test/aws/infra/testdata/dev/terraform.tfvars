account_id     = "111122223333"
admin_role_arn = "arn:aws:iam::111122223333:role/platform-admin"
region         = "eu-west-1"
