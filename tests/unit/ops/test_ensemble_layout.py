"""Folders and ports of an ensemble on one machine."""

from pathlib import Path

import pytest
from tests.ports import free_ports

from speckeeper.ops.config.zoo_cfg import read_config
from speckeeper.ops.ensemble.layout import LayoutError, lay_out, lock


def test_every_server_has_a_configuration_that_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "a b\u00e9\\c"  # what properties have to escape
    first = free_ports(3)
    places = lay_out(folder, 3, first)
    configs = [read_config(str(place.config), [], {}) for place in places]
    assert [config.server_id for config in configs] == [1, 2, 3]
    assert [config.number("clientPort") for config in configs] == [first, first + 1, first + 2]
    assert [config.string("dataDir") for config in configs] == [
        str(place.folder / "data") for place in places
    ]
    assert len({config.quorum for config in configs}) == 1
    assert all(config.warnings == () for config in configs)


def test_a_folder_keeps_its_number_of_servers(tmp_path: Path) -> None:
    first = free_ports(5)
    lay_out(tmp_path, 3, first)
    with pytest.raises(LayoutError, match=r"has an ensemble of 3; say -n 3, or choose another"):
        lay_out(tmp_path, 5, first)


def test_a_folder_is_used_once(tmp_path: Path) -> None:
    with lock(tmp_path / "e"), pytest.raises(LayoutError, match="is in use by another ensemble"):
        lock(tmp_path / "e")
    lock(tmp_path / "e").close()


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LayoutError, match=r"file: file exists; choose another --dir"):
        lock(tmp_path / "file")


def test_ports_end_somewhere(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="65534 on go beyond 65535"):
        lay_out(tmp_path, 3, 65534)


def test_admin_ports_follow_each_other_and_members_know_them(tmp_path: Path) -> None:
    first = free_ports(6)
    places = lay_out(tmp_path, 3, first, admin_port=first + 3)
    assert [place.admin_port for place in places] == [first + 3, first + 4, first + 5]
    for place in places:
        config = read_config(str(place.config), [], {})
        assert config.values["admin.enableServer"]
        assert config.number("admin.serverPort") == place.admin_port
        assert config.string("admin.serverAddress") == "127.0.0.1"
        listed = tuple(f"{n + 1}=127.0.0.1:{first + 3 + n}" for n in range(3))
        assert config.values["admin.page.members"] == listed
        assert config.values["admin.page"] == "edit"
    with pytest.raises(LayoutError, match=r"admin port .* is taken; .* by --admin-port"):
        lay_out(tmp_path, 3, first, admin_port=first + 2)
