from importlib.resources import files
from pathlib import Path


def shipped(name: str) -> Path:
    """Return the folder `name` (`migrations`, `policies`) that came with the product.

    Installed, it lies in `app/bundled`; in a checkout it is the top-level folder itself.
    Raises `FileNotFoundError` when neither is there.
    """
    package = Path(str(files("app")))
    for folder in (package / "bundled" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the installation has no {name} folder")
