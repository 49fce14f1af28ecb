//! Who is told besides, after the mail: none of them can hold that up, or cost it.

use super::{Draft, Handler};
use crate::channel::security_hub;
use crate::directory::Directory;
use crate::report::Report;
use crate::telemetry::{Journey, Mail};

impl<D: Directory> Handler<D> {
    /// Tells the others, and remembers, side by side. The chat is told what was mailed; Security Hub is a list, and gets
    /// what was left out of a flood too.
    pub(super) async fn after_the_mail(&self, draft: &Draft, journey: &mut Journey) {
        let mail = journey.mail;
        let chat = async { if mail == Mail::Published { self.tell(&draft.report).await } else { None } };
        let memory = async {
            if mail != Mail::LeftOut {
                self.remember(draft, journey).await;
            }
        };
        let (chat, finding, ()) = tokio::join!(chat, self.import(draft), memory);
        journey.chat_failure = chat;
        journey.security_hub_failure = finding;
    }

    /// Imports the finding, if Security Hub is to have it; returns why not, if that failed.
    async fn import(&self, draft: &Draft) -> Option<String> {
        let hub = self.security_hub.as_ref().filter(|hub| hub.gets(draft.report.severity))?;
        let finding =
            security_hub::render(&draft.activity, &draft.report, &draft.event_key, hub.product(), (self.clock)());
        Box::pin(hub.import(&finding)).await.err().map(|why| why.to_string())
    }

    /// Tells it to the chat, if there is one; returns why not, if that failed.
    pub(super) async fn tell(&self, report: &Report) -> Option<String> {
        Box::pin(self.outbox.tell(report)).await.err().map(|why| why.to_string())
    }
}
