variable "task_definition_path" {
  description = "The containers with the Defender in them, as fargate-updater embed writes them"
  type        = string

  validation {
    condition     = fileexists(var.task_definition_path)
    error_message = "There is no such file: write it with fargate-updater embed, and give its path in TF_VAR_task_definition_path."
  }

  # What is not protected is not deployed. The name is the one that the Console gives the Defender's container.
  validation {
    condition     = try(contains(jsondecode(file(var.task_definition_path))[*].name, "TwistlockDefender"), false)
    error_message = "The file is no list of containers with a Defender among them: make it one with fargate-updater embed."
  }
}

variable "cluster" {
  description = "Name or ARN of the cluster"
  type        = string
}

variable "subnets" {
  description = "Subnets of the tasks, from which they reach the Console"
  type        = list(string)
}

variable "security_groups" {
  description = "Security groups of the tasks, which let them reach the Console"
  type        = list(string)
}

variable "execution_role_arn" {
  description = "Role that ECS pulls images and writes logs with"
  type        = string
}

variable "task_role_arn" {
  description = "Role of what runs in the tasks"
  type        = string
}
