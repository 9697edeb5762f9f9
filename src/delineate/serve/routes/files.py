"""The folder, uploads, the work list, and what the server says of itself."""

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ...errors import ImageError
from ...io import list_series
from .. import measuring, work
from ..failures import Refused
from ..forms import Path, Work
from ..places import below, images, inside, relative
from ..tools import TOOLS
from .common import Bench, Named, User

router = APIRouter(prefix="/api")
NOTICE = "Research use, not a medical device."
Given = Annotated[str | None, Query(max_length=1000)]


@router.get("/health")
async def health() -> dict[str, bool]:
    """Whether the server answers."""
    return {"ok": True}


@router.get("/about")
async def about(bench: Bench, user: User) -> dict[str, Any]:
    """What this server is."""
    settings = bench.settings
    limits = settings.limits
    return {
        "version": version("delineate"),
        "user": user,
        "folder": settings.folder.name if settings.folder else None,
        "write": settings.write and settings.folder is not None,
        "notice": NOTICE,
        "default": {"method": settings.method or None, "fields": dict(settings.fields)},
        "limits": {
            "upload_bytes": limits.upload_bytes,
            "voxels": limits.voxels,
            "sessions": limits.sessions,
            "body_bytes": limits.body_bytes,
            "waiting": limits.waiting,
        },
    }


@router.get("/methods")
async def listed(bench: Bench) -> dict[str, Any]:
    """Every method, with its fields."""
    return {"methods": await bench.methods()}


@router.get("/tools")
async def tools() -> dict[str, Any]:
    """The after-edits."""
    return {"tools": TOOLS}


@router.get("/files")
async def files(
    bench: Bench, user: User, folder: Annotated[str, Query(max_length=1000)] = ""
) -> dict[str, Any]:
    """Images and folders in one folder."""
    root, most = bench.settings.folder, bench.settings.limits.files
    place = inside(root, folder)
    if root is None or not place.is_dir():
        raise Refused(404, "NotFound", f"{folder} is not a folder")

    def look() -> dict[str, Any]:
        rows = list(images(root, place, most))
        told = work.states(bench, user)
        here = relative(root, place)
        return {
            "folder": "" if here == "." else here,
            "parent": None if place == root else relative(root, place.parent).removeprefix("."),
            "folders": [{"name": f.name, "path": relative(root, f)} for f in below(root, place)],
            "images": [{**vars(found), **told.get(found.path, work.NEW)} for found in rows],
            "more": len(rows) >= most,
        }

    found: dict[str, Any] = await bench.off(look)
    return found


@router.get("/files/series")
async def series(
    bench: Bench, user: User, path: Given = None, upload: Given = None
) -> dict[str, Any]:
    """The DICOM series in a folder or an upload."""
    place = bench.images.find(user, path, upload)[0]
    if not place.is_dir():
        raise ImageError("it is a file; the series of a folder can be listed")
    found = await bench.off(list_series, place)
    return {"series": [vars(one) for one in found]}


@router.post("/uploads", status_code=201)
async def begin(bench: Bench, user: User) -> dict[str, str]:
    """An empty upload."""
    return {"upload": await bench.off(bench.uploads.begin, user)}


@router.put("/uploads/{upload}/{name}")
async def put(
    bench: Bench, user: User, upload: Named, name: Path, request: Request
) -> dict[str, Any]:
    """One file of an upload: the body as it is."""
    size = await bench.uploads.add(user, upload, name, request.stream())
    return {"files": len(bench.uploads.files(user, upload)), "bytes": size}


@router.get("/work")
async def listing(bench: Bench, user: User) -> dict[str, Any]:
    """The work list over the folder."""
    found: dict[str, Any] = await bench.off(work.listing, bench, user)
    return found


@router.put("/work", status_code=204)
async def mark(bench: Bench, user: User, form: Work) -> None:
    """An image is done, or to do after all."""
    root = bench.settings.folder
    place = inside(root, form.path)
    assert root is not None
    await bench.off(bench.journal.mark, user, relative(root, place), form.status == "done")


@router.get("/work.csv", responses={200: {"content": {"text/csv": {}}}})
async def exported(bench: Bench, user: User) -> Response:
    """The user's seconds on each object of each image."""
    rows = await bench.off(work.times, bench, user)
    return Response(
        measuring.table(rows, work.COLUMNS),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="work.csv"'},
    )
