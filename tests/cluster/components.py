"""The programs of a control plane and their command lines; paths are relative to the control plane's directory.

etcd listens on sockets of the file system, so that no other user of the machine reaches it and it needs no port; its
flags want a host and a port there, hence the odd names. The controller manager serves nothing. What is left is the
API server's one port.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

ETCD_CLIENT_SOCKET = "unix://etcd-client:1"
ETCD_PEER_SOCKET = "unix://etcd-peer:1"

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],  # one line a request; a watch has two, when it starts and when it ends
    "rules": [{"level": "Metadata"}],
}
AUDIT_FLAGS = (
    "--audit-policy-file=audit-policy.json",
    "--audit-log-path=audit.log",
    "--audit-log-mode=blocking",
)


@dataclass(frozen=True)
class Component:
    name: str
    argv: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def etcd(program: Path) -> Component:
    argv = (
        str(program),
        "--name=control-plane",
        "--data-dir=etcd",
        "--unsafe-no-fsync",  # survives killed processes; only a crash of the machine would lose data
        f"--listen-client-urls={ETCD_CLIENT_SOCKET}",
        f"--advertise-client-urls={ETCD_CLIENT_SOCKET}",
        f"--listen-peer-urls={ETCD_PEER_SOCKET}",
        f"--initial-advertise-peer-urls={ETCD_PEER_SOCKET}",
        f"--initial-cluster=control-plane={ETCD_PEER_SOCKET}",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
    )
    return Component("etcd", argv)


def api_server(program: Path, port: int, *, audit: bool) -> Component:
    argv = (
        str(program),
        f"--etcd-servers={ETCD_CLIENT_SOCKET}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # would refuse a loopback address
        f"--secure-port={port}",
        "--permit-port-sharing",  # whoever chose the port holds it bound, so that nobody else gets it
        "--cert-dir=pki",
        "--tls-cert-file=pki/api-server.crt",
        "--tls-private-key-file=pki/api-server.key",
        "--client-ca-file=pki/ca.crt",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=pki/service-accounts.key",
        "--service-account-signing-key-file=pki/service-accounts.key",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--max-requests-inflight=3000",
        "--max-mutating-requests-inflight=1000",
        "--profiling=false",
    )
    return Component("kube-apiserver", argv + (AUDIT_FLAGS if audit else ()))


def controller_manager(program: Path) -> Component:
    argv = (
        str(program),
        "--kubeconfig=pki/controller-manager.kubeconfig",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        "--service-account-private-key-file=pki/service-accounts.key",
        "--root-ca-file=pki/ca.crt",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    )
    return Component("kube-controller-manager", argv)
