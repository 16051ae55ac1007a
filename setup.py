"""What pyproject.toml cannot say: the scenarios and notebooks go into the package, and the links of the README abroad.

An editable install finds scenarios and notebooks where they are (sim/shipped.py).
"""

import re
import shutil
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("scenarios", "notebooks")


class WithShippedFiles(build_py):
    """Copies the package, and the files that are shipped with it."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # of an earlier build, with files that may be gone
        super().run()
        if not self.editable_mode:
            for folder in SHIPPED:
                shipped = Path(self.build_lib, "sim", "share", folder)
                shutil.copytree(folder, shipped, ignore=shutil.ignore_patterns(".*", "__pycache__"))


def readme() -> str:
    """The README with whole addresses, in the version that is built, where it links to files beside it."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = re.findall(r'^__version__ = "(.*)"$', Path("sim/version.py").read_text(encoding="utf-8"), re.MULTILINE)[0]
    beside = f"{project['urls']['Repository']}/blob/v{version}/"
    return re.sub(r"\]\((?![a-z]+:|#)", f"]({beside}", Path("README.md").read_text(encoding="utf-8"))


setup(
    cmdclass={"build_py": WithShippedFiles},
    long_description=readme(),
    long_description_content_type="text/markdown",
)
