"""The kept states are those that the operator writes today: what Argo CD and Flux are tested with is true."""

from tests.cluster.control_plane import ControlPlane
from tests.states import capture


def test_every_kept_state_is_what_the_operator_writes_now(control_plane: ControlPlane) -> None:
    assert list(capture.differences(capture.captured(control_plane))) == [], "make states writes them anew"
