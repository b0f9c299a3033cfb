"""What is said of an object that went without us."""

from caas_operator.core.model import FINALIZER, Resource
from caas_operator.kube.event_record import Subject
from caas_operator.kube.events import Events


def tell_of_what_is_left(events: Events, obj: Resource) -> None:
    """A warning on the namespace, for the object itself is no more. An account leaves nothing in a cloud."""
    external_id = obj.status.get("externalId")
    if FINALIZER in obj.finalizers and external_id and obj.namespace:
        told = f"{obj} is gone, its finalizer was removed by hand; {external_id} may be left in the cloud"
        events.warn(Subject.of_namespace(obj.namespace), "LeftBehind", told)
