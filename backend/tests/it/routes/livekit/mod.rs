//! `/livekit/webhook`

mod webhook;
