"""The server of the page: Solara on one process, without any call to another machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.errors import InputError
from sim.languages import mark, tr

if TYPE_CHECKING:
    from sim.app.desk import Settings

MISSING = mark("the page needs Solara and Altair; install them with: python -m pip install 'kumakan[app]'")
SURROUNDINGS = {
    "SOLARA_APP": "sim.app.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",  # nobody else learns who looks at what
    "SOLARA_MODE": "production",
    "SOLARA_ASSETS_PROXY": "True",  # scripts come from this machine
    "SOLARA_THEME_VARIANT": "light",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "1h",  # a visitor who comes back within the hour finds the page as it was
}


def check() -> None:
    """See that what the page needs is installed.

    Raises
    ------
    InputError
        If it is not.
    """
    os.environ.update(SURROUNDINGS)  # Solara reads them when it is imported
    try:
        import altair  # noqa: F401
        import solara.server.starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise InputError(tr(MISSING)) from None
    vega_files()


def serve(settings: Settings, host: str, port: int) -> None:
    """Open the page at an address and keep it open until it is interrupted.

    Raises
    ------
    InputError
        If Solara is not installed, or the address cannot be used.
    """
    check()
    import uvicorn
    from solara.server import starlette

    from sim.app import page

    page.open_for(settings)
    try:
        uvicorn.run(starlette.app, host=host, port=port, log_level="warning", access_log=False)
    except SystemExit:
        raise InputError(tr("cannot listen on {host}:{port}; choose another --port", host=host, port=port)) from None


def vega_files() -> list[str]:
    """The scripts that draw charts, below the folder of Solara's assets on this machine.

    Raises
    ------
    InputError
        If they are not installed.
    """
    from solara.server.settings import assets

    root = Path(assets.proxy_cache_dir)
    found = []
    for name in ("vega", "vega-lite", "vega-embed"):
        there = sorted(root.glob(f"{name}@*/build/{name}.min.js"))
        if not there:
            raise InputError(
                tr("{root} has no {name}; install it with: python -m pip install 'kumakan[app]'", root=root, name=name)
            )
        found.append(there[-1].relative_to(root).as_posix())
    return found
