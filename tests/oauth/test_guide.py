"""The programs of the guide, run as they stand there."""

import html
import os
import re
import shutil
import subprocess
import unittest

from door import Door

GUIDE = os.path.join(os.path.dirname(__file__), "../../crates/http/pages/guides/oauth.html")


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = Door()
        with open(GUIDE, encoding="utf-8") as guide:
            found = re.findall(r'<pre data-language="(\w+)">(.*?)</pre>', guide.read(), re.S)
        cls.programs = {language: html.unescape(text) for language, text in found}

    @classmethod
    def tearDownClass(cls):
        cls.door.close()

    def run_program(self, language, ending, *command, **more):
        if not shutil.which(command[0]):
            self.skipTest(f"there is no {command[0]}")
        path = os.path.join(self.door.folder.name, "program" + ending)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.programs[language])
        client = self.door.new_client("public")["client_id"]
        environment = {**os.environ, **more, "AFSA": self.door.address, "CLIENT_ID": client,
                       "OAUTHLIB_INSECURE_TRANSPORT": "1"}
        with subprocess.Popen([*command, path], env=environment, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            back = self.door.consent(program.stdout.readline().strip())
            told, failed = program.communicate(back + "\n", timeout=60)
        self.assertEqual(told.strip(), "Shop", failed)

    def test_python(self):
        import sys
        self.run_program("python", ".py", sys.executable)

    def test_javascript(self):
        self.run_program("javascript", ".mjs", "node")

    def test_php(self):
        self.run_program("php", ".php", "php")

    def test_go(self):
        # Modules as Debian packs them: nothing is fetched.
        modules = "/usr/share/gocode"
        if not os.path.isdir(f"{modules}/src/golang.org/x/oauth2"):
            self.skipTest("there is no golang-golang-x-oauth2-dev")
        self.run_program("go", ".go", "go", "run", GOPATH=modules, GO111MODULE="off")

    def test_four_languages_are_there(self):
        self.assertEqual(set(self.programs), {"python", "javascript", "php", "go"})


if __name__ == "__main__":
    unittest.main()
