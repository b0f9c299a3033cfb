import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import build, gobuild, toolchain
from tests.cluster.control_plane import running_control_plane
from tests.cluster.toolchain import BuildError, Go

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no assets, and a Go that is never really called."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setattr(build, "find_go", lambda _cache, _say: Go(Path("/nowhere/go"), (1, 26)))
    return build.cache_directory()


class Compiler:
    """Stands for `go build`: writes the program's name, fails if told to, counts."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.failing: set[str] = set()

    def __call__(self, name: str, _package: str, _flags: str, folder: Path, *_: object) -> None:
        (folder / name).write_text("half", encoding="utf-8")
        if name in self.failing:
            raise BuildError(f"{name} does not compile")
        (folder / name).write_text(name, encoding="utf-8")
        self.built.append(name)


@pytest.fixture
def compiler(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    stand_in = Compiler()
    monkeypatch.setattr(gobuild, "compile_program", stand_in)
    return stand_in


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def silent(_: str) -> None:
    pass


def make_assets(folder: Path, names: tuple[str, ...] = build.CONTROL_PLANE) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).touch(mode=0o755)
    return folder


def test_a_program_is_built_once_and_again_when_its_recipe_changes(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build.programs(["etcd"], silent)["etcd"]
    assert build.programs(["etcd"], silent) == {"etcd": first}
    assert compiler.built == ["etcd"]
    monkeypatch.setitem(build.PROGRAMS, "etcd", build.Program("go.etcd.io/etcd/server/v3", "etcd", "-s"))
    assert build.missing(["etcd"]) == ["etcd"]
    build.programs(["etcd"], silent)
    assert compiler.built == ["etcd", "etcd"]


def test_what_was_finished_before_a_failure_is_kept_and_nothing_half_done_is_used(
    compiler: Compiler, cache: Path
) -> None:
    compiler.failing = {"kubectl"}
    with pytest.raises(BuildError, match="kubectl does not compile"):
        build.programs(["etcd", "kubectl"], silent)
    assert build.missing(["etcd", "kubectl"]) == ["kubectl"]
    compiler.failing = set()
    assert build.programs(["etcd", "kubectl"], silent)["kubectl"].read_text() == "kubectl"
    assert compiler.built == ["etcd", "kubectl"]
    assert not list(cache.glob("*/unfinished*"))


def test_two_builders_at_once_build_each_program_once(compiler: Compiler) -> None:
    said: list[str] = []
    names = [*build.CONTROL_PLANE, build.CONTROLLER_MANAGER]
    inside = threading.Event()
    waiting = threading.Event()

    def slow(name: str, package: str, flags: str, folder: Path, *rest: object) -> None:
        inside.set()
        assert waiting.wait(30)
        compiler(name, package, flags, folder, *rest)

    def say(line: str) -> None:
        said.append(line)
        if "another build" in line:
            waiting.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gobuild, "compile_program", slow)
        first = threading.Thread(target=build.programs, args=(names, silent))
        first.start()
        assert inside.wait(30)
        build.programs(names, say)
        first.join()
    assert compiler.built == names
    assert said == ["another build is going on; waiting for it"]


def test_assets_are_used_and_nothing_is_built(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_assets(tmp_path / "assets")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
    assert build.main(["--print-path"]) == 0
    assert capsys.readouterr().out.split() == [
        word for name in build.CONTROL_PLANE for word in (name, str(folder / name))
    ]
    assert compiler.built == []


def test_assets_that_lack_a_program_are_an_error_that_names_it(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(make_assets(tmp_path / "assets", ("etcd", "kubectl"))))
    assert build.main([]) == 1
    assert "lacks kube-apiserver" in capsys.readouterr().err


@pytest.mark.usefixtures("control_plane_programs")
def test_a_control_plane_runs_from_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "assets"
    folder.mkdir()
    for name, path in build.programs(build.CONTROL_PLANE).items():
        (folder / name).symlink_to(path)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    with running_control_plane() as plane:
        assert plane.kubectl_path == folder / "kubectl"
        assert plane.kubectl("get", "--raw=/readyz").stdout == "ok"
    assert not (tmp_path / "empty").exists()


def test_the_default_version_is_the_pinned_one() -> None:
    code = "from tests.cluster import build; print(build.KUBERNETES_VERSION)"
    environment = {name: value for name, value in os.environ.items() if name != "KUBERNETES_VERSION"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert gobuild.pinned_modules("kubernetes", done.stdout.strip()) is not None
    assert f"go.etcd.io/etcd/server/v3 v{build.ETCD_VERSION} " in gobuild.pinned_text("etcd")
    assert gobuild.pinned_modules("node", done.stdout.strip()) is not None
    assert f"helm.sh/helm/v4 v{build.HELM_VERSION} " in gobuild.pinned_text("helm")
    assert f"sigs.k8s.io/kind v{build.KIND_VERSION} " in gobuild.pinned_text("kind")
    assert f"{build.ARGOCD_MODULE} v{build.ARGOCD_VERSION} " in gobuild.pinned_text("argocd")


def test_another_version_is_another_recipe_in_another_folder() -> None:
    assert gobuild.pinned_modules("kubernetes", "1.30.0") is None
    assert gobuild.pinned_modules("node", "1.30.0") is None
    assert gobuild.pinned_modules("etcd", "1.30.0") is not None


@pytest.mark.parametrize(
    ("have", "asked", "switch"),
    [
        ((1, 26, 8), "go 1.26.0", "local"),
        ((1, 27), "go 1.26.0", "local"),
        ((1, 25, 5), "go 1.26.0", "auto"),
        ((1, 26, 1), "go 1.26.10", "auto"),
    ],
)
def test_an_older_go_is_allowed_to_fetch_what_the_module_asks_for(
    have: tuple[int, ...], asked: str, switch: str
) -> None:
    environment = Go(Path("/nowhere/go"), have).environment_for(f"module x\n\n{asked}\n")
    assert environment["GOTOOLCHAIN"] == switch
    assert environment["CGO_ENABLED"] == "0"


@pytest.mark.parametrize("word", ["go1.19.8", "nonsense"])
def test_a_go_that_cannot_do_it_is_passed_over_for_the_package(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "bin"
    installed = tmp_path / "cache" / "go-9.9.9" / "go" / "bin"
    for folder, answer in ((machine, word), (installed, "go9.9.9")):
        folder.mkdir(parents=True)
        (folder / "go").write_text(f"#!/bin/sh\necho {answer}\n", encoding="utf-8")
        (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=os.pathsep)
    monkeypatch.setattr(toolchain, "_pinned_version", lambda: "9.9.9")
    found = toolchain.find_go(tmp_path / "cache", silent)
    assert found.executable == installed / "go"
    assert found.version == (9, 9, 9)
    assert found.environment["GOPATH"] == str(tmp_path / "cache" / "go-path")


def test_a_failed_compilation_repeats_the_compilers_words(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.26.0\n", encoding="utf-8")
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'main.go:1: undefined: nonsense' >&2; exit 2\n", encoding="utf-8")
    go.chmod(0o755)
    with pytest.raises(BuildError, match=r"exited with 2[\s\S]*undefined: nonsense"):
        gobuild.compile_program("x", "x/cmd", "", tmp_path, Go(go, (1, 26)), silent)


def test_an_interrupted_build_ends_the_compiler_and_keeps_nothing_of_it(cache: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text(
        "#!/bin/sh\n"
        "[ $1 = env ] && { echo go1.26.8; exit; }\n"
        f"trap 'touch {tmp_path}/interrupted; exit 1' INT\n"
        f"touch {tmp_path}/compiling\n"
        "while :; do sleep 0.05; done\n",
        encoding="utf-8",
    )
    go.chmod(0o755)
    command = [sys.executable, "-m", "tests.cluster.build"]
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, stderr=subprocess.PIPE, text=True
    ) as builder:
        wait_until((tmp_path / "compiling").exists)
        builder.terminate()
        _, said = builder.communicate(timeout=30)
    assert builder.returncode == 130
    assert "interrupted; what is finished is kept" in said
    assert (tmp_path / "interrupted").exists()
    assert not list(cache.glob("*/unfinished*"))


def test_a_long_compilation_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.26.0\n", encoding="utf-8")
    go = tmp_path / "go"
    go.write_text(
        "#!/bin/sh\necho 'go: downloading a v1' >&2; echo a/b >&2\nuntil [ -e done ]; do sleep 0.05; done\n",
        encoding="utf-8",
    )
    go.chmod(0o755)
    monkeypatch.setattr(gobuild, "PROGRESS_SECONDS", 0.05)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "1 modules fetched, 1 packages compiled" in line:
            (tmp_path / "done").touch()

    gobuild.compile_program("x", "x/cmd", "", tmp_path, Go(go, (1, 26)), say)
    assert said[0] == "x: building"
