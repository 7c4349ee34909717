//! The icon on the bus (StatusNotifierItem) and its menu (com.canonical.dbusmenu).

use std::sync::mpsc::{Sender, SyncSender};

use ksni::menu::{CheckmarkItem, StandardItem, SubMenu};
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, Tray};
use texts::TrayTexts;

use super::Message;
use super::condition::Condition;
use super::menu::{Action, Entry};
use super::notifier::without_markup;
use super::picture::pictures;
use super::words::wants_attention;

/// What the icon shows at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) condition: Condition,
    /// All in a line.
    pub(crate) title: String,
    /// What is wrong and what to do, where something is.
    pub(crate) detail: String,
    pub(crate) menu: Vec<Entry>,
}

/// The icon.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) view: View,
    pub(crate) texts: TrayTexts,
    pub(crate) messages: Sender<Message>,
    /// Ends the pause in which no agent is looked for.
    pub(crate) sooner: SyncSender<()>,
}

impl Item {
    fn choose(&mut self, action: &Action) {
        // The program is about to end where nobody listens.
        let _ = self.messages.send(Message::Chosen(action.clone()));
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::IconGone);
    }
}

impl Tray for Item {
    const MENU_ON_ACTIVATE: bool = true;

    fn id(&self) -> String {
        "cpxd".into()
    }

    fn category(&self) -> Category {
        Category::Hardware
    }

    fn title(&self) -> String {
        format!("cpxd – {}", self.view.title)
    }

    fn status(&self) -> Status {
        if wants_attention(self.view.condition) {
            Status::NeedsAttention
        } else {
            Status::Active
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.condition)
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.condition)
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "cpxd".into(),
            description: without_markup(&self.tip()),
            ..ToolTip::default()
        }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.view.menu.iter().map(on_the_bus).collect()
    }

    fn menu_about_to_show(&mut self) {
        let _ = self.messages.send(Message::MenuOpens);
        // Full means that it was told already.
        let _ = self.sooner.try_send(());
    }

    fn watcher_online(&self) {
        tracing::info!("a panel shows the icon");
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "{}", self.texts.no_panel_yet());
        true
    }
}

impl Item {
    fn tip(&self) -> String {
        if self.view.detail.is_empty() {
            self.view.title.clone()
        } else {
            format!("{}\n{}", self.view.title, self.view.detail)
        }
    }
}

fn icons(condition: Condition) -> Vec<Icon> {
    let icons = pictures(condition).into_iter().map(|picture| Icon {
        width: picture.side.into(),
        height: picture.side.into(),
        data: picture.argb,
    });
    icons.collect()
}

fn on_the_bus(entry: &Entry) -> MenuItem<Item> {
    match entry {
        Entry::Line(words) => StandardItem {
            label: label(words),
            enabled: false,
            ..StandardItem::default()
        }
        .into(),
        Entry::Action(words, action) => {
            let action = action.clone();
            StandardItem {
                label: label(words),
                activate: Box::new(move |item: &mut Item| item.choose(&action)),
                ..StandardItem::default()
            }
            .into()
        }
        Entry::Choice(words, checked, action) => {
            let action = action.clone();
            CheckmarkItem {
                label: label(words),
                checked: *checked,
                activate: Box::new(move |item: &mut Item| item.choose(&action)),
                ..CheckmarkItem::default()
            }
            .into()
        }
        Entry::Submenu(words, entries) => SubMenu {
            label: label(words),
            submenu: entries.iter().map(on_the_bus).collect(),
            ..SubMenu::default()
        }
        .into(),
        Entry::Separator => MenuItem::Separator,
    }
}

/// In a label of dbusmenu, one underscore marks the letter after it, and two are one.
fn label(words: &str) -> String {
    words.replace('_', "__")
}
