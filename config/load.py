"""Reading an installation's configuration: every file at once, every mistake at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agents_bridge import DESKS
from config.problems import Problem, near
from config.references import check_bot, check_console, check_desk, check_notices, check_routing, check_survey, check_translation
from config.settings import HubSettings, WebSettings
from config.source import Source
from config.strays import strays, yaml_files
from connectors import CONNECTORS
from connectors.tracker_settings import TaskSettings
from connectors.translators.settings import TranslationSettings
from hub.bot import BotRules
from hub.canned import CannedReplies
from hub.errors import ConfigError
from hub.failpoints import VARIABLE
from hub.model import ChannelName, DeskName
from hub.notices import NoticeRules
from hub.ports import Settings
from hub.promises import Promises
from hub.roles import AccessRules
from hub.routing import RoutingRules
from hub.surveys import SurveyRules
from hub.workbench import Workbench

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,50}")
TAKEN = ("console", "deliveries", "router")
"""Names that entries made by Frontdesk itself go under."""
OVERRIDES = {
    "PORT": "port",
    "HOST": "host",
    "DATA": "data",
    "DATABASE_URL": "database",
    "REDIS_URL": "redis",
    "PUBLIC_URL": "public_url",
    "FRONTDESK_ENV": "environment",
}
"""Environment variables that win over hub.yaml."""
RULES: dict[str, type[BaseModel]] = {
    "routing.yaml": RoutingRules,
    "bot.yaml": BotRules,
    "notices.yaml": NoticeRules,
    "replies.yaml": CannedReplies,
    "survey.yaml": SurveyRules,
    "console.yaml": Workbench,
    "access.yaml": AccessRules,
    "sla.yaml": Promises,
    "translation.yaml": TranslationSettings,
    "tasks.yaml": TaskSettings,
}


class Faulty(ConfigError):
    """The configuration has mistakes; `problems` are all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def told(self) -> str:
        """For a person: every mistake, and how many they are."""
        return f"{self}\n{len(self.problems)} mistake{'s' if len(self.problems) > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What admins have written, as types."""

    folder: Path
    hub: HubSettings
    channels: Mapping[ChannelName, Settings]
    desks: Mapping[DeskName, Settings]
    routing: RoutingRules = field(default_factory=RoutingRules)
    bot: BotRules = field(default_factory=BotRules)
    notices: NoticeRules = field(default_factory=NoticeRules)
    canned: CannedReplies = field(default_factory=CannedReplies)
    survey: SurveyRules = field(default_factory=SurveyRules)
    workbench: Workbench = field(default_factory=Workbench)
    access: AccessRules = field(default_factory=AccessRules)
    promises: Promises = field(default_factory=Promises)
    translation: TranslationSettings = field(default_factory=TranslationSettings)
    tasks: TaskSettings = field(default_factory=TaskSettings)


def folder_of(given: Path | None = None) -> Path:
    """The configuration's folder: the given one, $FRONTDESK_CONFIG, ./config when it holds hub.yaml, else the one we ship."""
    named = given or (Path(os.environ["FRONTDESK_CONFIG"]) if os.environ.get("FRONTDESK_CONFIG") else None)
    if named is not None:
        return named
    here = Path("config")
    return here if (here / "hub.yaml").is_file() else Path(__file__).parent


def load(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Installation:
    """The installation that a folder describes. Raises `Faulty` with every mistake of every file."""
    place = folder_of(folder)
    if not place.is_dir():
        raise ConfigError(f"{place}: there is no such folder; give the configuration's folder with --config or FRONTDESK_CONFIG")
    loader = _Loader(place, dict(os.environ) if environment is None else environment)
    made = loader.installation()
    if loader.problems or made is None:
        raise Faulty(sorted(set(loader.problems)))
    return made


class _Loader:
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.problems: list[Problem] = []
        self.used: set[Path] = set()
        self.production = False

    def installation(self) -> Installation | None:
        hub = self._hub()
        channels = self._named("channels", {name: kind.settings for name, kind in CONNECTORS.items()})
        desks = self._named("desks", {name: kind.settings for name, kind in DESKS.items()})
        names = self._stems("channels"), self._stems("desks")
        for name in sorted(names[0] & names[1]):
            self._note(f"desks/{name}.yaml", f"a channel is named {name!r} too; every name is given once")
        for name, one in {**channels, **desks}.items():
            self._goes_on(name, one, channels)
        for name, one in desks.items():
            self._seals(name, one, hub)
        rules = self._rules(*names)
        self._stray(hub)
        if hub is None or self.problems:
            return None
        places = {ChannelName(k): v for k, v in channels.items()}, {DeskName(k): v for k, v in desks.items()}
        return Installation(self.folder, hub, *places, *(rules[file] for file in RULES))

    def _goes_on(self, name: str, one: Settings, channels: Mapping[str, Settings]) -> None:
        """A conversation goes on in a web chat, and only a channel's does."""
        if not one.continue_in:
            return
        file = f"{'channels' if name in channels else 'desks'}/{name}.yaml"
        chats = {other for other in self._stems("channels") if isinstance(channels.get(other, WebSettings()), WebSettings)}
        if name not in channels or isinstance(one, WebSettings):
            self._note(file, "'continue_in' is for channels whose platform may take no more answers")
        elif one.continue_in not in chats:
            self._note(file, f"'continue_in' must name a web chat: {', '.join(sorted(chats)) or 'there is none'}")

    def _seals(self, name: str, one: Settings, hub: HubSettings | None) -> None:
        """A desk whose tokens are given to us by OAuth needs a key that seals them, and an address at which they are given."""
        if hub is None or not one.keeps_tokens:
            return
        if not hub.seal_keys:
            self._note(
                f"desks/{name}.yaml",
                "keeps tokens in the database and needs a key that seals them: run `frontdesk seal-key`, and give the key to "
                "hub.yaml as seal_keys: ${FRONTDESK_SEAL_KEY}",
            )
        if not hub.public_url:
            self._note(f"desks/{name}.yaml", "is installed by way of our address: give hub.yaml a public_url")

    def _note(self, file: str, message: str) -> None:
        self.problems.append(Problem(str(self.folder / file), 1, 1, "", message))

    def _stems(self, kind: str) -> set[str]:
        return {path.stem for path in yaml_files(self.folder / kind)}

    def _checked(self, source: Source, model: type[BaseModel], variables: Mapping[str, str] | None = None) -> Any:
        made = source.validated(model, variables or {})
        if made is not None and self.production:
            source.check_secrets(made)
        return made

    def _hub(self) -> HubSettings | None:
        """hub.yaml with what the environment says put over it; a mistake in a variable is told as the variable's."""
        source = Source(self.folder / "hub.yaml", self.environment)
        variables = {key: name for name, key in OVERRIDES.items() if self.environment.get(name)}
        if isinstance(source.values, dict):
            source.values |= {key: self.environment[name] for key, name in variables.items()}
            self.production = source.values.get("environment") == "production"
        if self.production and self.environment.get(VARIABLE):
            why = "is for fault runs; take it away, production does not start with it"
            source.problems.append(Problem("environment", 0, 0, VARIABLE, why))
        made: HubSettings | None = self._checked(source, HubSettings, variables)
        self._keep(source)
        return made

    def _named(self, kind: str, types: dict[str, type[Settings]]) -> dict[str, Settings]:
        """One file, one channel or desk: the file's name is its name."""
        made: dict[str, Settings] = {}
        for path in yaml_files(self.folder / kind):
            source = Source(path, self.environment)
            if not NAME.fullmatch(path.stem) or path.stem in TAKEN:
                self._note(
                    f"{kind}/{path.name}", f"{path.stem!r} can't be a name: use a-z, 0-9 and -, but not {', '.join(TAKEN)}"
                )
            found = self._typed(source, types)
            if found is not None:
                made[path.stem] = found
            if kind == "desks":
                check_desk(source, self._teams(), self._stems("channels"))
            self._keep(source)
        return made

    def _teams(self) -> list[str]:
        """The teams that routing.yaml names, whether or not all of it holds."""
        values = Source(self.folder / "routing.yaml", self.environment).values
        teams = values.get("teams") if isinstance(values, dict) else None
        return list(teams) if isinstance(teams, dict) else []

    def _typed(self, source: Source, types: dict[str, type[Settings]]) -> Settings | None:
        values, known = source.values, ", ".join(sorted(types))
        if not source.readable:
            return None
        if not isinstance(values, dict):
            source.fault((), f"must be a mapping with type: one of {known}")
        elif "type" not in values:
            source.fault(("type",), f"'type' is required: one of {known}")
        elif str(values["type"]) not in types:
            source.fault(("type",), f"must be one of {known}{near(str(values['type']), types)}")
        else:
            made: Settings | None = self._checked(source, types[str(values["type"])])
            return made
        return None

    def _rules(self, channels: set[str], desks: set[str]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        teams: dict[str, Any] = {}
        replies: object = None
        for file, model in RULES.items():
            source = Source(self.folder / file, self.environment)
            if model is RoutingRules:
                check_routing(source, channels, desks)
                teams = source.values.get("teams") or {} if isinstance(source.values, dict) else {}
            elif model is BotRules:
                check_bot(source, channels)
            elif model is NoticeRules:
                check_notices(source, teams if isinstance(teams, dict) else ())
            elif model is SurveyRules:
                check_survey(source, channels)
            elif model is TranslationSettings:
                check_translation(source, teams if isinstance(teams, dict) else (), channels, desks)
            elif model is CannedReplies:
                replies = source.values
            elif model is Workbench:
                check_console(source, teams if isinstance(teams, dict) else (), replies)
            made[file] = self._checked(source, model)
            self._keep(source)
        return made

    def _keep(self, source: Source) -> None:
        """Note a file's mistakes, and which other files it names."""
        self.problems += source.problems
        self.used |= set(source.files.values())

    def _stray(self, hub: HubSettings | None) -> None:
        """What nobody reads, though whoever put it there thinks so."""
        used = {*self.used, hub.data} if hub is not None else self.used
        for name, message in strays(self.folder, ("hub.yaml", *RULES), used):
            self._note(name, message)
