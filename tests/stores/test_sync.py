"""Folders and their stores: what arrives is whole, and nothing that counts is overwritten."""

import json
import shutil
from contextlib import suppress

import pytest

from overgan.disk import sha256
from overgan.stores import Part, Remote, UnreachableError

INDICES = ("previous.json", "index.json")


class Recorded(Remote):
    """A store that notes what is done to it, and breaks off before the change of a number."""

    def __init__(self, address, dies_at=None):
        super().__init__(address)
        self.done, self.dies_at = [], dies_at

    def write(self, name, content):
        self._note("write", name)
        super().write(name, content)

    def remove(self, names):
        for name in names:
            self._note("remove", name)
            super().remove([name])

    def _note(self, what, name):
        if len(self.done) == self.dies_at:
            raise KeyboardInterrupt  # as a kill: nothing catches it
        self.done.append((what, name))


def part(remote, folder):
    return Part(remote, folder / "k0002", "k0002", INDICES)


def save(folder, iteration):
    """A checkpoint as groups have them: tensors, rows, an index that counts on both; the tensors before are removed."""
    group = folder / "k0002"
    group.mkdir(parents=True, exist_ok=True)
    tensors = f"{iteration}.safetensors"
    (group / tensors).write_bytes(tensors.encode() * 100)
    with (group / "log.jsonl").open("a") as log:
        log.write(f'{{"iteration": {iteration}}}\n')
    rows = len((group / "log.jsonl").read_text().splitlines())
    new = group / ".index"
    new.write_text(json.dumps({"file": tensors, "sha256": sha256((group / tensors).read_bytes()), "rows": rows}))
    new.replace(group / "index.json")
    for old in group.glob("*.safetensors"):
        if old.name != tensors:
            old.unlink()


def saved(folder):
    """The iteration of the checkpoint in a folder, which is looked at as training would; None without one."""
    group = folder / "k0002"
    if not (group / "index.json").exists():
        return None
    index = json.loads((group / "index.json").read_text())
    assert sha256((group / index["file"]).read_bytes()) == index["sha256"]
    rows = [json.loads(line)["iteration"] for line in (group / "log.jsonl").read_text().splitlines()]
    assert rows[: index["rows"]] == list(range(1, index["rows"] + 1))
    return int(index["file"].partition(".")[0])


def test_the_index_is_sent_last_and_what_it_no_longer_names_is_removed_after_it(address, tmp_path):
    remote = Recorded(address)
    group = part(remote, tmp_path)
    save(tmp_path, 1)
    assert group.push(tidy="")
    save(tmp_path, 2)
    remote.done.clear()
    assert group.push(tidy="")
    assert remote.done[:-2] == [("write", "k0002/2.safetensors"), ("write", "k0002/log.jsonl")]
    assert remote.done[-2:] == [("write", "k0002/index.json"), ("remove", "k0002/1.safetensors")]
    remote.done.clear()
    assert group.push(tidy="")
    assert not remote.done


def test_who_stood_still_in_a_push_and_was_taken_over_overwrites_nothing_of_the_takers(address, tmp_path):
    here, there, remote = tmp_path / "here", tmp_path / "there", Remote(address)
    save(here, 1)
    part(remote, here).push(tidy="")
    part(remote, there).pull()
    save(here, 2)

    class TakenOverError(Exception):
        pass

    def check():
        nonlocal asked
        asked += 1
        if asked == 2:  # after the tensors
            for iteration in (2, 3):
                save(there, iteration)
                part(remote, there).push(tidy="")
            raise TakenOverError

    asked = 0
    with pytest.raises(TakenOverError):
        part(remote, here).push(tidy="", check=check)
    part(remote, tmp_path / "third").pull()
    assert saved(tmp_path / "third") == 3


def test_a_kill_before_any_change_of_the_store_leaves_a_checkpoint_there(address, tmp_path):
    whole = Recorded(address)
    save(tmp_path / "whole", 1)
    part(whole, tmp_path / "whole").push(tidy="")
    first = len(whole.done)
    save(tmp_path / "whole", 2)
    part(whole, tmp_path / "whole").push(tidy="")
    for kill in range(len(whole.done)):
        here, there = tmp_path / f"here {kill}", tmp_path / f"there {kill}"
        remote = Recorded(f"{address}/{kill}", dies_at=kill)
        with suppress(KeyboardInterrupt):
            for iteration in (1, 2):
                save(here, iteration)
                part(remote, here).push(tidy="")
        assert len(remote.done) == kill
        part(Remote(remote.address), there).pull()
        assert saved(there) == (None if kill < first else 1 if kill < len(whole.done) - 1 else 2)


def test_a_pull_takes_what_changed_and_nothing_else(address, tmp_path):
    save(tmp_path / "a", 1)
    part(Remote(address), tmp_path / "a").push()
    reader = Remote(address)
    part(reader, tmp_path / "b").pull()
    assert saved(tmp_path / "b") == 1
    read = []
    reader.read = lambda name: read.append(name) or Remote.read(reader, name)
    part(reader, tmp_path / "b").pull()
    assert not read
    save(tmp_path / "a", 2)
    part(Remote(address), tmp_path / "a").push(tidy="")
    part(reader, tmp_path / "b").pull()
    assert saved(tmp_path / "b") == 2
    assert not (tmp_path / "b" / "k0002" / "1.safetensors").exists()


def test_a_pull_while_the_store_goes_on_is_of_one_checkpoint(address, tmp_path):
    a, reader = tmp_path / "a", Remote(address)
    save(a, 1)
    part(Remote(address), a).push()
    newer = iter((2, 3))

    def read(name):
        if name.endswith(("index.json", "log.jsonl")) and (iteration := next(newer, None)):
            save(a, iteration)
            part(Remote(address), a).push(tidy="")
        return Remote.read(reader, name)

    reader.read = read
    part(reader, tmp_path / "b").pull()
    assert saved(tmp_path / "b") == 3


def test_a_store_that_never_stands_still_is_an_error_and_leaves_what_was_here(address, tmp_path):
    a, reader = tmp_path / "a", Remote(address)
    save(a, 1)
    part(Remote(address), a).push()
    part(reader, tmp_path / "b").pull()
    newer = iter(range(2, 100))

    def read(name):
        save(a, next(newer))
        part(Remote(address), a).push(tidy="")
        return Remote.read(reader, name)

    save(a, next(newer))
    part(Remote(address), a).push(tidy="")
    reader.read = read
    with pytest.raises(UnreachableError, match="again in a moment"):
        part(reader, tmp_path / "b").pull()
    assert saved(tmp_path / "b") == 1


def test_a_checkpoint_that_was_not_sent_yet_stays_and_one_that_the_store_went_beyond_gives_way(address, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    save(a, 1)
    part(Remote(address), a).push(tidy="")
    save(a, 2)
    part(Remote(address), a).pull()
    assert saved(a) == 2
    part(Remote(address), b).pull()
    for iteration in (2, 3, 4):
        save(b, iteration)
    part(Remote(address), b).push(tidy="")
    part(Remote(address), a).pull()
    assert saved(a) == 4


def test_rows_that_were_sent_without_a_checkpoint_do_not_shorten_those_here(address, tmp_path):
    a = tmp_path / "a"
    save(a, 1)
    part(Remote(address), a).push(tidy="")
    save(a, 2)
    remote = Recorded(address, dies_at=2)  # tensors and rows are there, the index is not
    with pytest.raises(KeyboardInterrupt):
        part(remote, a).push(tidy="")
    save(a, 3)
    part(Remote(address), a).pull()
    assert saved(a) == 3


# the picture goes before the tensors, which a checkpoint then removes before they are sent; the rows go after them
@pytest.mark.parametrize(("when", "arrived"), [("0.png", [2, 2]), ("log.jsonl", [1, 2, 3])])
def test_a_checkpoint_during_a_push_leaves_no_index_without_its_tensors(address, tmp_path, when, arrived):
    a, remote, newer = tmp_path / "a", Remote(address), iter(arrived[1:])
    save(a, 1)
    (a / "k0002" / "0.png").write_bytes(b"picture")

    def write(name, content):
        if name.endswith(when) and (iteration := next(newer, None)):
            save(a, iteration)
        Remote.write(remote, name, content)

    remote.write = write
    for then in arrived:
        assert part(remote, a).push(tidy="")
        part(Remote(address), tmp_path / "b").pull()
        assert saved(tmp_path / "b") == then


def test_a_folder_emptied_in_mid_run_takes_nothing_from_the_store(address, tmp_path):
    save(tmp_path, 1)
    part(Remote(address), tmp_path).push(tidy="")
    for path in (tmp_path / "k0002").iterdir():
        if path.is_file():
            path.unlink()
    part(Remote(address), tmp_path).push(tidy="")
    part(Remote(address), tmp_path / "b").pull()
    assert saved(tmp_path / "b") == 1


@pytest.mark.parametrize(
    "name", ["../../evil", "a/../../../evil", "/etc/evil", "a//evil", ".lock", ".mirror/known.json"]
)
def test_names_in_a_store_do_not_lead_out_of_the_folder(address, tmp_path, name):
    class Hostile(Remote):
        @property
        def _files(self):
            class Files:
                invalidate_cache = staticmethod(lambda: None)
                find = staticmethod(lambda path, detail: {f"{path}/{name}": {"size": 4, "type": "file", "ETag": "x"}})
                cat_file = staticmethod(lambda path: b"evil")

            return Files

    part(Hostile(address), tmp_path / "inside").pull()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_link_in_a_mirror_is_not_sent(address, tmp_path):
    save(tmp_path, 1)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "k0002" / "link.png").symlink_to(tmp_path / "secret")
    part(Remote(address), tmp_path).push()
    assert not [name for name in Remote(address).tags() if "link" in name]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"log.jsonl": 3}', b'{"log.jsonl": {"tag": 1}}'])
def test_a_damaged_memory_is_made_again(address, tmp_path, damage):
    save(tmp_path, 1)
    part(Remote(address), tmp_path).push()
    (tmp_path / "k0002" / ".mirror" / "known.json").parent.mkdir(exist_ok=True)
    (tmp_path / "k0002" / ".mirror" / "known.json").write_bytes(damage)
    part(Remote(address), tmp_path).pull()
    assert part(Remote(address), tmp_path).push(tidy="")
    assert saved(tmp_path) == 1


def test_a_folder_that_is_removed_goes_index_first_on_both_sides(address, tmp_path):
    """Else what an index counts on would be missing while it is there."""
    indices = ("adding/previous.json", "adding/index.json", *INDICES)
    files = ["adding/aaa.jsonl", "adding/index.json", "adding/samples/1.png", "index.json"]
    here, there = tmp_path / "here" / "k0002", tmp_path / "there" / "k0002"
    for name in files:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    store = Recorded(address)
    ours, theirs = (Part(store, folder, "k0002", indices) for folder in (here, there))
    assert ours.push(tidy="")
    assert [name for _, name in store.done][-2:] == ["k0002/adding/index.json", "k0002/index.json"]
    theirs.pull()
    assert ours.here().keys() == theirs.here().keys()
    shutil.rmtree(here / "adding")
    (here / "index.json").write_text("merged")
    store.done.clear()
    assert ours.push(tidy="")
    assert store.done[:2] == [("write", "k0002/index.json"), ("remove", "k0002/adding/index.json")]
    assert len(store.done) == 4
    theirs.pull()
    assert [path.name for path in there.iterdir() if not path.name.startswith(".")] == ["index.json"]


def test_what_is_removed_from_the_store_while_it_is_fetched_does_not_stay(address, tmp_path, monkeypatch):
    indices = ("adding/index.json", *INDICES)
    store, read = Remote(address), Remote.read
    for name in ("adding/aaa.jsonl", "adding/index.json", "index.json"):
        store.write(f"k0002/{name}", b"first")

    def merged_meanwhile(remote, name):
        content = read(remote, name)
        if name == "k0002/adding/aaa.jsonl":
            store.write("k0002/index.json", b"merged")
            store.remove(["k0002/adding/index.json", "k0002/adding/aaa.jsonl"])
        return content

    monkeypatch.setattr(Remote, "read", merged_meanwhile)
    mirror = Part(store, tmp_path / "k0002", "k0002", indices)
    mirror.pull()
    assert [*mirror.here()] == ["index.json"]
    assert (tmp_path / "k0002" / "index.json").read_bytes() == b"merged"


def test_a_folder_that_is_gone_here_already_may_be_removed_from_the_store(address, tmp_path):
    store, mirror = Remote(address), Part(Remote(address), tmp_path / "k0002", "k0002", INDICES)
    for name in ("adding/aaa.jsonl", "index.json"):
        store.write(f"k0002/{name}", b"first")
    mirror.pull()
    shutil.rmtree(tmp_path / "k0002" / "adding")
    store.write("k0002/index.json", b"merged")
    store.remove(["k0002/adding/aaa.jsonl"])
    mirror.pull()
    assert [*mirror.here()] == ["index.json"]
    assert (tmp_path / "k0002" / "index.json").read_bytes() == b"merged"
