"""The Hub: what every use-case is handed. `config.assemble` builds it; nothing else constructs these things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hub.bot import BotRules
from hub.canned import CannedReplies
from hub.files import FileStore
from hub.jobs import Jobs
from hub.limits import Limits
from hub.live import Live
from hub.model import ChannelName, DeskName
from hub.notices import NoticeRules
from hub.ports import Connector, Desk, Settings
from hub.promises import Promises
from hub.roles import AccessRules
from hub.routing import RoutingRules
from hub.store.store import Store
from hub.surveys import SurveyRules
from hub.tracker import Tracker
from hub.translation import TranslationRules, Translator
from hub.workbench import Workbench

if TYPE_CHECKING:
    from hub.installing import Installing
    from hub.intake import Intake


@dataclass(slots=True)
class Hub:
    """One running installation, as one process sees it."""

    store: Store
    jobs: Jobs
    live: Live
    files: FileStore
    limits: Limits
    intake: Intake
    connectors: Mapping[ChannelName, Connector]
    channels: Mapping[ChannelName, Settings]
    """What admins wrote for each channel."""
    desks: Mapping[DeskName, Desk]
    routing: RoutingRules
    bot: BotRules
    notices: NoticeRules
    public_url: str
    now: Callable[[], datetime]
    keep_raw_s: float = 30 * 86400.0
    """How long platforms' payloads are kept beside what was made of them."""
    reopen_within_s: float = 72 * 3600.0
    """A customer who writes within this time after "resolved" goes on in the same conversation."""
    canned: CannedReplies = field(default_factory=CannedReplies)
    """Texts that agents have ready."""
    survey: SurveyRules = field(default_factory=SurveyRules)
    workbench: Workbench = field(default_factory=Workbench)
    """What else lies ready for them in the console."""
    promises: Promises = field(default_factory=Promises)
    """How long answers may take."""
    installs: Installing | None = None
    """Workspaces in which desks' apps are installed; None where no desk is of that kind."""
    access: AccessRules = field(default_factory=AccessRules)
    """Who may do what, and how agents come in."""
    translation: TranslationRules = field(default_factory=TranslationRules)
    """Who reads which language."""
    tracker: Tracker | None = None
    """Where tasks go; None where nobody has named one."""
    translator: Translator | None = None
    """The service that translates; None where nobody has named one."""

    @property
    def translates(self) -> TranslationRules | None:
        """How conversations are translated; None where no service does it."""
        return self.translation if self.translator is not None else None
