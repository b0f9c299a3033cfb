"""Scale of one region of an InferenceDeployment [S2, SPEC]."""

from typing import ClassVar

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.gcore import HttpTrigger
from caas_operator.kinds.fields.model import SpecModel


class InferenceThreshold(SpecModel):
    threshold: int = Field(ge=1, le=100, description="Average use, in percent, that adds a replica: 1 to 100.")


class SqsTrigger(SpecModel):
    queue_url: str = Field(min_length=1, max_length=2048, description="URL of the queue, 1 to 2048 characters.")
    queue_length: int = Field(ge=1, le=2**31 - 1, description="Messages for one replica, 1 or more.")
    activation_queue_length: int = Field(
        ge=1, le=2**31 - 1, description="Messages that wake the deployment from 0, 1 or more."
    )
    aws_region: str = Field(
        min_length=1, max_length=64, description="AWS region, as in `us-east-1`, 1 to 64 characters."
    )
    secret_name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of a secret in the cloud (not in this cluster) that holds the AWS keys, 1 to 253 characters.",
    )
    aws_endpoint: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Another AWS endpoint, 1 to 2048 characters. Unset: AWS's own.",
    )
    scale_on_flight: bool | None = Field(
        default=None, description="Whether messages in flight count as well. Unset: false."
    )
    scale_on_delayed: bool | None = Field(
        default=None, description="Whether delayed messages count as well. Unset: false."
    )


class InferenceTriggers(SpecModel):
    cpu: InferenceThreshold | None = Field(default=None, description="Scales by use of CPU. Unset: not by CPU.")
    memory: InferenceThreshold | None = Field(
        default=None, description="Scales by use of memory. Unset: not by memory."
    )
    gpu_utilization: InferenceThreshold | None = Field(
        default=None, description="Scales by use of the GPU (DCGM_FI_DEV_GPU_UTIL). Unset: not by GPU."
    )
    gpu_memory: InferenceThreshold | None = Field(
        default=None, description="Scales by use of GPU memory (DCGM_FI_DEV_MEM_COPY_UTIL). Unset: not by GPU memory."
    )
    http: HttpTrigger | None = Field(
        default=None,
        description="Scales by requests: `rate` requests within `window` seconds for one replica. "
        "Unset: not by requests.",
    )
    sqs: SqsTrigger | None = Field(default=None, description="Scales by an AWS SQS queue. Unset: not by a queue.")


class InferenceScale(SpecModel):
    min: int = Field(ge=0, le=300, description="Fewest replicas, 0 to 300, at most max.")
    max: int = Field(ge=0, le=300, description="Most replicas, 0 to 300, at least min.")
    cooldown_period: int | None = Field(
        default=None, ge=1, le=3600, description="Seconds between two changes of scale, 1 to 3600. Unset: 60."
    )
    polling_interval: int | None = Field(
        default=None, ge=5, le=3600, description="Seconds between two looks at the triggers, 5 to 3600. Unset: 30."
    )
    triggers: InferenceTriggers | None = Field(
        default=None,
        description="What replicas are added for; `{}` means no trigger. "
        "Unset: cpu 80 and memory 80, the cloud's default.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.min <= self.max",
            "min must not be greater than max",
            field_path=".min",
            check=lambda scale: scale.min <= scale.max,
        ),
    )
