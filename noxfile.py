"""Checks in fresh environments: `nox` runs the quick ones, `nox -s NAME` one of them, `nox -l` lists them.

Sessions use uv if it is installed (`pip install uv`), which fills an environment in seconds, and pip if not.
"""

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests-3.11", "docs"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

PYTHONS = ("3.11", "3.12", "3.13")
BREADTH = ("tests/test_golden.py", "tests/test_mesa.py", "tests/test_record.py")
"""Where versions of Python and of libraries show first."""
OLDEST = (*BREADTH, "tests/test_scenario.py", "tests/test_cli.py", "tests/sweeps")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the quick tests, or what follows `--`."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session(python=PYTHONS[0])
def slow(session: nox.Session) -> None:
    """Run the slow tests; those of the report look for Chromium."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-m", "slow", "-n", "auto", "--dist", "worksteal", *session.posargs)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Check style, formatting and spelling; `nox -s lint -- --fix` repairs what it can."""
    session.install("ruff", "codespell")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *(() if "--fix" in session.posargs else ("--check",)))
    session.run("codespell")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Check types."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """Build the site into `site/` and follow its links."""
    session.install("-e", ".[site]")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("python", "docs/check_links.py", "site")


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Test with the lower bound of every dependency."""
    session.install("-e", ".[test]", "-c", "tests/oldest.txt")
    session.run("python", "-m", "pytest", "-n", "auto", *(session.posargs or OLDEST))


@nox.session(python=PYTHONS[1])
@nox.parametrize("mesa", ["3.3.0", "3.5.1", "4.0.0a0"])
def mesa(session: nox.Session, mesa: str) -> None:
    """Test with a version of Mesa. Version 4 is tried as far as it goes."""
    session.install("-e", ".", "pytest", "pytest-xdist", "hypothesis")
    session.install("--no-deps", f"mesa=={mesa}")  # version 4 is outside the bounds of pyproject.toml
    session.run("python", "-m", "pytest", "-n", "auto", "tests/test_mesa.py")


@nox.session(python=PYTHONS[0])
def mutation(session: nox.Session) -> None:
    """Change the code in small ways and see whether a test notices; name files, or it takes eight hours."""
    session.install("-e", ".[mutation]")
    session.run("python", "tests/mutate.py", *session.posargs)
