"""Whom a change concerns: which objects use an account, wait for one, or live in a namespace."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caas_operator.app.cache import Cache
from caas_operator.core.identity import Intent
from caas_operator.core.model import FINALIZER, AccountRef, Key, Resource
from caas_operator.core.status import is_converged


@dataclass(frozen=True)
class Audience:
    """Questions about the objects of `kinds` in the cache; `wake` has one looked at."""

    cache: Cache
    kinds: tuple[str, ...]
    wake: Callable[[Key], None]

    def objects(self) -> Iterator[Resource]:
        return (obj for kind in self.kinds for obj in self.cache.of_kind(kind))

    def count_users(self, ref: AccountRef, namespace: str | None) -> int:
        """How many objects have something in the cloud by this account; `namespace` None: of the whole cluster."""
        users = (obj for obj in self.objects() if namespace in (None, obj.namespace) and uses(obj, ref))
        return sum(FINALIZER in obj.finalizers for obj in users)

    def wake_users(self, ref: AccountRef, namespace: str | None) -> None:
        """An account changed: whoever uses it, or waits for one, looks again."""
        for obj in self.objects():
            if namespace in (None, obj.namespace) and (uses(obj, ref) or not is_converged(obj)):
                self.wake(obj.key)

    def wake_namespace(self, namespace: str) -> None:
        """Its labels changed, and with them what its objects may use."""
        for obj in self.objects():
            if obj.namespace == namespace:
                self.wake(obj.key)


def uses(obj: Resource, ref: AccountRef) -> bool:
    account = obj.status.get("account") or {}
    if (account.get("kind"), account.get("name")) == (ref.kind, ref.name):
        return True
    intent = Intent.of(obj)
    return intent is not None and intent.account == ref
