import os
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


def keep_private(data: Path) -> None:
    """See that what this process writes, and the database and keys that are there, are for its owner alone.

    A folder that was made by somebody else, perhaps for other things too, stays as it is.
    """
    os.umask(0o077)
    for path in (*data.glob("sanshen.db*"), data / "keys", *(data / "keys").glob("*"), data / "cache"):
        if not path.is_symlink() and path.exists() and path.stat().st_uid == os.geteuid():
            mode = path.stat().st_mode
            if mode & 0o077:
                path.chmod(mode & 0o700)
