//! How a channel of a party is called in the outbox.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A channel of a party, by the names that the configuration gives it. As text: integration, party and channel, with `/` between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName {
    /// Integration id.
    pub integration: String,
    /// Key of the party.
    pub party: String,
    /// The channel's own name.
    pub channel: String,
}

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} names no channel; write integration/party/channel")]
pub struct NoChannelName(String);

impl fmt::Display for ChannelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.integration, self.party, self.channel)
    }
}

impl FromStr for ChannelName {
    type Err = NoChannelName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut names = text.splitn(3, '/').map(str::to_owned);
        match (names.next(), names.next(), names.next()) {
            (Some(integration), Some(party), Some(channel)) => Ok(Self { integration, party, channel }),
            _ => Err(NoChannelName(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_also_where_the_channel_has_slashes() {
        let name = ChannelName { integration: "i".to_owned(), party: "p".to_owned(), channel: "a/b".to_owned() };
        assert_eq!(name.to_string().parse(), Ok(name));
        assert!("i/p".parse::<ChannelName>().is_err());
    }
}
