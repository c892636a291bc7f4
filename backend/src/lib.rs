//! The API and the commands of Avaaz.
//!
//! `commands` is what a person types; `routes` is what a client calls. In between: `auth`, `sessions`, `conversations` and
//! `livekit`, each with handlers (HTTP), a domain (rules) and a store (SQL). `jobs` does what must be done later.

pub mod agent_runtime;
pub mod app;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod content;
pub mod conversations;
pub mod database;
pub mod dev;
pub mod documents;
pub mod error;
pub mod extract;
pub mod health;
pub mod http;
pub mod jobs;
pub mod livekit;
pub mod memory;
pub mod metrics;
pub mod models;
pub mod my_data;
pub mod openapi;
pub mod pages;
pub mod provider_check;
pub mod rate_limits;
pub mod request_id;
pub mod routes;
pub mod sessions;
pub mod telemetry;
pub mod tls;
pub mod tutor_host;
pub mod usage;
pub mod vectors;
pub mod voices;
pub mod web;
