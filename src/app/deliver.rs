//! Who is informed beside the mail, after it: none of them can delay or cost the mail.

use super::{Draft, Handler};
use crate::alert::Alert;
use crate::channel::{Channel, Outgoing};
use crate::history::MailStatus;
use crate::lookup::Directory;
use crate::telemetry::InvocationLog;
use chrono::Utc;
use futures_util::future::join_all;

/// The channels beside the mail.
#[derive(Debug, Default)]
pub struct Channels(pub Vec<Box<dyn Channel>>);

impl Channels {
    /// Informs every channel that wants this alert, side by side; notes which failed.
    async fn deliver(&self, outgoing: &Outgoing<'_>, log: &mut InvocationLog) {
        let wanted = self.0.iter().filter(|channel| channel.wants(outgoing));
        let delivered = join_all(wanted.map(async |channel| (channel.names(), channel.deliver(outgoing).await))).await;
        for (names, result) in delivered {
            if let Err(why) = result {
                log.channel_failures.push((names, why));
            }
        }
    }

    /// Informs the channels of the summary of a burst.
    pub(super) async fn summary(&self, alert: &Alert, log: &mut InvocationLog) {
        let mail = MailStatus::Published;
        self.deliver(&Outgoing { alert, event: None, mail, now: Utc::now() }, log).await;
    }
}

impl<D: Directory> Handler<D> {
    /// Informs the channels and records the alert, side by side.
    pub(super) async fn deliver_beside_the_mail(&self, draft: &Draft<'_>, log: &mut InvocationLog) {
        let event = Some((&draft.activity, &draft.event_key));
        let outgoing = Outgoing { alert: &draft.alert, event, mail: log.mail, now: (self.clock)() };
        let mut of_channels = InvocationLog::default();
        let channels = self.channels.deliver(&outgoing, &mut of_channels);
        let record = async {
            // What was suppressed is recorded already.
            if log.mail != MailStatus::Suppressed {
                self.record(draft, log).await;
            }
        };
        tokio::join!(channels, record);
        log.channel_failures.append(&mut of_channels.channel_failures);
    }
}
