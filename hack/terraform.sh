# shellcheck shell=bash
# Finds Terraform and its provider. Source it after lib.sh.
# shellcheck disable=SC2034 # what is set here is used by the scripts that source it

# need_terraform sets TERRAFORM, PLUGIN_DIR (a mirror of providers on disk, or nothing) and TERRAFORM_INIT, the
# arguments of an init that needs no account.
need_terraform() {
	local wanted=1.11 found
	TERRAFORM=$(command -v terraform) ||
		cannot "terraform is not on PATH: install Terraform $wanted or newer, developer.hashicorp.com/terraform/install"
	# A setting that names no file makes every command print a warning.
	if [[ -n ${TF_CLI_CONFIG_FILE:-} && ! -f $TF_CLI_CONFIG_FILE ]]; then unset TF_CLI_CONFIG_FILE; fi
	export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
	found=$("$TERRAFORM" version -json | sed -n 's/.*"terraform_version": "\([^"]*\)".*/\1/p')
	if [[ $(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1) != "$wanted" ]]; then
		cannot "terraform is $found: $wanted or newer is needed, for write-only arguments and the lock file in S3"
	fi
	PLUGIN_DIR=$(plugin_dir)
	TERRAFORM_INIT=(-input=false -backend=false)
	if [[ -n $PLUGIN_DIR ]]; then TERRAFORM_INIT+=("-plugin-dir=$PLUGIN_DIR"); fi
}

# plugin_dir prints the folder that TF_PLUGIN_DIR names, or the first of the usual ones that holds the provider. Without
# one, terraform init downloads it, as everywhere.
plugin_dir() {
	local dir
	for dir in "${TF_PLUGIN_DIR:-}" ~/.terraform.d/plugins /usr/local/share/terraform/plugins \
		/usr/share/terraform/plugins /opt/*/; do
		if [[ -n $dir && -d $dir/registry.terraform.io/hashicorp/aws ]]; then
			printf '%s\n' "${dir%/}"
			return
		fi
	done
}

# need_terraform_docs sets TERRAFORM_DOCS to the pinned terraform-docs.
need_terraform_docs() {
	TERRAFORM_DOCS=$TOOLS/bin/terraform-docs
	need_go_tools hack/tools/terraform-docs '-ldflags=-s -w'
}

# terraform_roots lists the folders that are applied, terraform_folders those and the modules.
terraform_roots() { our_files 'terraform/*/.terraform.lock.hcl' | xargs -r dirname; }
terraform_folders() { our_files 'terraform/*/versions.tf' | xargs -r dirname; }
