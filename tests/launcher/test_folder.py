from pathlib import Path

import pytest

from config.launcher.folder import LONGEST_SOCKET_FOLDER, DataFolder, socket_folder


def test_sockets_lie_in_the_data_folder_while_its_path_is_short():
    assert socket_folder(Path("/srv/oms/.data")) == Path("/srv/oms/.data/run")


def test_a_deep_data_folder_gets_a_short_socket_folder_of_its_own():
    deep = Path("/srv") / ("x" * 100)
    other = deep.with_name("y" * 100)
    assert len(str(socket_folder(deep))) <= LONGEST_SOCKET_FOLDER
    assert socket_folder(deep) == socket_folder(deep)
    assert socket_folder(deep) != socket_folder(other)


def test_a_path_is_measured_in_bytes_because_the_kernel_does():
    assert socket_folder(Path("/srv") / ("ß" * 50)).name.startswith("holdfast-")


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def test_a_held_folder_is_refused_and_names_its_holder(folder):
    with folder.take("a running site"):
        assert folder.take("another") is None
        assert folder.holder().startswith("a running site (process ")


def test_a_lock_file_without_a_living_holder_is_no_obstacle(folder):
    folder.take("gone").close()
    assert (folder.path / "lock").exists()
    with folder.take("next") as held:
        assert held is not None


def test_the_secret_key_is_made_once_and_is_private(folder):
    first = folder.secret_key()
    assert len(first) >= 50
    assert folder.secret_key() == first
    assert (folder.path / "secret-key").stat().st_mode & 0o077 == 0
