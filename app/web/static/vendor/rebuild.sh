#!/bin/sh
# Rebuild the vendored scripts from their packages and compare them byte for byte with what lies here.
#   rebuild.sh           compare; exit 1 when anything differs from the lock or from the packages
#   rebuild.sh --write   put the packages' files here (after changing the lock), then compare
# Needs npm and Python; asks the package registry that npm is configured for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$here" "$work" "${1:-}" <<'PYTHON'
import base64, hashlib, json, pathlib, subprocess, sys, tarfile

here, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
write = sys.argv[3] == "--write"
faults = []
for package in json.loads((here / "vendor.lock.json").read_text())["packages"]:
    name = f"{package['name']}@{package['version']}"
    subprocess.run(["npm", "pack", "--silent", "--pack-destination", work, name], check=True, stdout=subprocess.DEVNULL)
    [archive] = work.glob("*.tgz")
    made = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if made != package["integrity"]:
        sys.exit(f"{name}: the package is not the one in the lock: {made}")
    with tarfile.open(archive) as opened:
        for file in package["files"]:
            built = opened.extractfile(file["from"]).read()
            if write:
                (here / file["to"]).write_bytes(built)
            if hashlib.sha256(built).hexdigest() != file["sha256"]:
                faults.append(f"{name}: {file['from']} differs from the lock")
            if built != (here / file["to"]).read_bytes():
                faults.append(f"{name}: {file['to']} differs from the package")
    archive.unlink()
print("\n".join(faults) or "vendored files are those of their packages")
sys.exit(bool(faults))
PYTHON
