"""What the widget promises, each promise with the tests that try it in a browser: all of them on a desktop and on a phone."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.widget.browser import test_budgets as budgets
from tests.widget.browser import test_frame as frame
from tests.widget.browser import test_survey as survey
from tests.widget.browser import test_texts_stay_texts as texts
from tests.widget.browser import test_widget as chat
from tests.widget.browser import test_widget_embed as embed
from tests.widget.browser import test_widget_more as more
from tests.widget.browser import test_widget_page as pages

FEATURES: dict[str, tuple[ModuleType, str]] = {
    "one request before intent": (chat, "test_nothing_is_fetched_before_intent"),
    "nothing moves": (budgets, "test_nothing_moves_when_the_widget_comes"),
    "no rule of accessibility is broken": (budgets, "test_axe_finds_nothing"),
    "strict policies": (chat, "test_it_opens_on_a_site_of_another_origin_with_a_strict_policy"),
    "the page's styles and its own apart": (pages, "test_neither_the_page_s_style_nor_the_chat_s_touches_the_other"),
    "variables, parts, theme, side": (pages, "test_a_site_s_own_variables_and_parts_count_and_the_theme_can_be_set"),
    "right to left": (pages, "test_a_language_from_the_right_is_mirrored"),
    "twenty languages": (embed, "test_every_language_has_every_text_and_arabic_reads_from_the_right"),
    "the same over reloads": (chat, "test_a_line_is_sent_answered_and_survives_a_reload"),
    "the same in two tabs": (chat, "test_two_tabs_are_one_conversation"),
    "one connection for all tabs": (more, "test_tabs_share_one_socket_and_go_on_when_its_tab_is_closed"),
    "an outbox that survives": (chat, "test_what_was_written_during_a_cut_survives_a_reload"),
    "sent again, and once": (chat, "test_a_cut_of_ten_seconds_loses_and_doubles_nothing"),
    "comes back": (chat, "test_many_cuts_in_the_middle_of_sending"),
    "long poll": (chat, "test_without_any_websocket_long_polling_carries_both_ways"),
    "an epoch of its own": (chat, "test_a_new_epoch_loads_the_log_anew"),
    "sent, read, typing, formatting": (pages, "test_read_typing_and_formatting_are_shown"),
    "a preview, and told so": (more, "test_agents_see_what_is_written_only_where_the_customer_is_told"),
    "badge, title, sound": (more, "test_a_page_in_the_background_counts_in_its_title_and_makes_a_sound_that_can_be_switched_off"),
    "files by picker, shown": (chat, "test_a_picture_is_sent_and_shown"),
    "files by paste, with progress": (pages, "test_a_pasted_file_shows_its_progress"),
    "files by drop, and stopped": (embed, "test_dropped_files_are_sent_and_a_stopped_one_never_is"),
    "voice": (more, "test_a_voice_note_is_recorded_and_sent_or_thrown_away"),
    "emoji": (more, "test_emoji_by_keyboard_and_pointer"),
    "safe links": (chat, "test_markup_is_shown_as_it_was_written"),
    "quick replies": (chat, "test_a_button_answers_for_the_customer_once"),
    "cards and forms": (more, "test_cards_stand_side_by_side_and_each_has_its_buttons"),
    "questions and consent first": (embed, "test_what_must_be_asked_first_is_answered_before_anything_is_written"),
    "hours, and back at": (more, "test_outside_of_hours_it_says_when_somebody_is_back_or_is_not_there_at_all"),
    "the place in line": (more, "test_a_customer_in_line_sees_place_and_wait"),
    "a survey with a comment": (survey, "test_a_rating_with_a_comment_is_given_and_changed"),
    "the conversation by mail": (more, "test_the_conversation_comes_by_mail"),
    "greetings by page and time": (more, "test_a_greeting_comes_by_page_and_time_once_and_costs_no_request"),
    "open, close, identify, on": (embed, "test_a_page_names_its_customer_and_hears_what_happens"),
    "pages that change without loading": (pages, "test_a_page_that_changes_without_loading_keeps_the_chat"),
    "full screen on a phone": (chat, "test_a_phone_gets_a_full_modal_dialog"),
    "above the keyboard": (pages, "test_the_field_stays_above_a_phone_s_keyboard"),
    "Enter of a composition": (chat, "test_enter_that_confirms_a_candidate_does_not_send"),
    "by keyboard alone": (chat, "test_keyboard_alone"),
    "a page of its own": (frame, "test_a_page_of_its_own"),
    "a frame for strict pages": (frame, "test_a_strict_page_holds_the_chat_in_a_frame"),
    "a frame speaks with its page": (frame, "test_the_page_opens_closes_names_its_customer_and_hears_of_it"),
    "WeChat's browser": (frame, "test_in_wechat_s_browser_without_sockets_or_windows"),
    "what can't be loaded": (frame, "test_what_cannot_be_loaded_leads_to_the_page_of_its_own"),
    "texts stay texts": (texts, "test_in_the_widget"),
}
ONE_SIZE = {
    "WeChat's browser": "phones only",
    "texts stay texts": "the same nodes, whatever the window",
    "what can't be loaded": "no look of its own",
    "a frame speaks with its page": "no look of its own",
    "full screen on a phone": "phones only",
}
"""What is tried in one window only, and why."""


@pytest.mark.parametrize("feature", FEATURES)
def test_every_promise_is_tried_on_both(feature: str) -> None:
    module, name = FEATURES[feature]
    test = getattr(module, name)
    marks = [*getattr(test, "pytestmark", ()), *_all(getattr(module, "pytestmark", ()))]
    sizes = [str(mark.args[1]) + str(mark.kwargs.get("ids", "")) for mark in marks if mark.name == "parametrize"]
    both = any("1280" in one and "360" in one for one in sizes)
    assert both or feature in ONE_SIZE, f"{name} runs in one size of window"


def _all(marks: object) -> list[pytest.Mark]:
    found = marks if isinstance(marks, list | tuple) else [marks]
    return [one.mark for one in found if isinstance(one, pytest.MarkDecorator)]
