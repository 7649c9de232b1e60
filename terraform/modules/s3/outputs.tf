output "arns" {
  description = "ARN of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "names" {
  description = "Full name of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.id }
}

output "guards" {
  description = "What guards the buckets: whether one that is not empty stays."
  value = {
    stays_unless_empty = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
  }
}
