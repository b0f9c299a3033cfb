"""Fields that the two Gcore kinds share."""

from typing import Annotated, ClassVar

from pydantic import Field

from caas_operator.core.definition import Rule
from caas_operator.kinds.fields.model import SpecModel
from caas_operator.kinds.fields.rules import at_most_one, immutable

CloudId = Annotated[int, Field(ge=1, le=2**53 - 1)]
CloudName = Annotated[str, Field(min_length=1, max_length=255)]


class ProjectScope(SpecModel):
    """The project an object lives in."""

    project_id: CloudId | None = Field(
        default=None,
        description="Id of the Gcore project, 1 or more; immutable. Unset: projectName, else the account's project.",
    )
    project_name: CloudName | None = Field(
        default=None,
        description="Name of the Gcore project, 1 to 255 characters; immutable. Unset: projectId, else the account's "
        "project.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one("project_id", "project_name"),
        immutable("project_id"),
        immutable("project_name"),
    )


class HttpTrigger(SpecModel):
    rate: int = Field(ge=1, le=1000, description="Requests within one window that one instance takes, 1 to 1000.")
    window: int = Field(ge=1, le=3600, description="Length of the window in seconds, 1 to 3600.")


class RetentionPolicy(SpecModel):
    period: int = Field(ge=1, le=1825, description="How long logs are kept, in days, 1 to 1825.")


class Logging(SpecModel):
    enabled: bool | None = Field(
        default=None, description="Whether logs are sent to the topic. Unset: false, the cloud's default."
    )
    destination_region_id: CloudId | None = Field(
        default=None,
        description="Id of the region that stores the logs, 1 or more. Unset: the cloud chooses.",
    )
    topic_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=223,
        pattern=r"^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])*)*$",
        description="Topic that the logs are written to: lower-case labels joined by dots, 1 to 223 characters. "
        "Unset: the cloud chooses.",
    )
    retention_policy: RetentionPolicy | None = Field(
        default=None, description="How long logs are kept. Unset: the cloud's default."
    )


class ReadinessCheck(SpecModel):
    path: str | None = Field(
        default=None,
        max_length=1024,
        pattern=r"^/[^\s#]*$",
        description="Path, with a query if needed, that is asked for at the public address: it begins with `/` and has "
        "up to 1024 characters. Unset: `/`.",
    )
