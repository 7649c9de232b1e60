output "arns" {
  description = "ARN of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "names" {
  description = "Full name of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.id }
}

output "guards" {
  description = "What guards the buckets: whether one that is not empty stays, and which objects are deleted after how many days."
  value = {
    stays_unless_empty = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    expires            = { for name, bucket in var.buckets : name => bucket.expire_prefixes if length(bucket.expire_prefixes) > 0 }
  }
}
