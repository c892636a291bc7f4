//! What a client may send, key by key.

use super::shape::Shape::{
    Any, Either, Flag, List, Number, Object, OneOf, OrNull, Tagged, Text, Whole,
};
use super::shape::{Field, Shape, optional, required};

/// Voices that the real server knows.
const VOICES: &[&str] = &[
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
];

const FORMAT: Shape = Tagged {
    tag: "type",
    variants: &[
        (
            "audio/pcm",
            &[optional(
                "rate",
                Whole {
                    min: 24_000,
                    max: 24_000,
                },
            )],
        ),
        ("audio/pcmu", &[]),
        ("audio/pcma", &[]),
    ],
};

const VOICE: Shape = Either(&[OneOf(VOICES), Object(&[required("id", Text)])]);

const TRANSCRIPTION: Shape = Object(&[
    optional("model", Text),
    optional("language", Text),
    optional("languages", List(&Text)),
    optional("keywords", List(&Text)),
    optional("prompt", Text),
    optional("delay", Any),
]);

const TURN_DETECTION: Shape = Tagged {
    tag: "type",
    variants: &[
        (
            "server_vad",
            &[
                optional("threshold", Number { min: 0.0, max: 1.0 }),
                optional(
                    "prefix_padding_ms",
                    Whole {
                        min: 0,
                        max: 10_000,
                    },
                ),
                optional(
                    "silence_duration_ms",
                    Whole {
                        min: 0,
                        max: 10_000,
                    },
                ),
                optional("create_response", Flag),
                optional("interrupt_response", Flag),
                optional(
                    "idle_timeout_ms",
                    OrNull(&Whole {
                        min: 5_000,
                        max: 30_000,
                    }),
                ),
            ],
        ),
        (
            "semantic_vad",
            &[
                optional("eagerness", OneOf(&["low", "medium", "high", "auto"])),
                optional("create_response", Flag),
                optional("interrupt_response", Flag),
            ],
        ),
    ],
};

const TOOL: Shape = Tagged {
    tag: "type",
    variants: &[
        (
            "function",
            &[
                required("name", Text),
                optional("description", Text),
                optional("parameters", Any),
            ],
        ),
        (
            "mcp",
            &[
                required("server_label", Text),
                optional("server_url", Text),
                optional("server_description", Text),
                optional("connector_id", Text),
                optional("authorization", Text),
                optional("headers", Any),
                optional("allowed_tools", Any),
                optional("require_approval", Any),
                optional("defer_loading", Flag),
            ],
        ),
    ],
};

const TOOL_CHOICE: Shape = Either(&[
    OneOf(&["none", "auto", "required"]),
    Tagged {
        tag: "type",
        variants: &[
            ("function", &[required("name", Text)]),
            (
                "mcp",
                &[
                    required("server_label", Text),
                    optional("name", OrNull(&Text)),
                ],
            ),
        ],
    },
]);

const MAX_OUTPUT_TOKENS: Shape = Either(&[Whole { min: 1, max: 4_096 }, OneOf(&["inf"])]);
const MODALITIES: Shape = List(&OneOf(&["text", "audio"]));
const REASONING: Shape = OrNull(&Object(&[optional(
    "effort",
    OneOf(&["minimal", "low", "medium", "high", "xhigh"]),
)]));
const PROMPT: Shape = OrNull(&Object(&[
    required("id", Text),
    optional("version", OrNull(&Text)),
    optional("variables", OrNull(&Any)),
]));

const SESSION: Shape = Tagged {
    tag: "type",
    variants: &[(
        "realtime",
        &[
            optional("model", Text),
            optional("instructions", Text),
            optional("output_modalities", MODALITIES),
            optional(
                "audio",
                Object(&[
                    optional(
                        "input",
                        Object(&[
                            optional("format", FORMAT),
                            optional("transcription", OrNull(&TRANSCRIPTION)),
                            optional(
                                "noise_reduction",
                                OrNull(&Object(&[
                                    optional("type", OneOf(&["near_field", "far_field"])),
                                    optional("strength", Any),
                                ])),
                            ),
                            optional("turn_detection", OrNull(&TURN_DETECTION)),
                        ]),
                    ),
                    optional(
                        "output",
                        Object(&[
                            optional("format", FORMAT),
                            optional("voice", VOICE),
                            optional(
                                "speed",
                                Number {
                                    min: 0.25,
                                    max: 1.5,
                                },
                            ),
                        ]),
                    ),
                ]),
            ),
            optional("tools", List(&TOOL)),
            optional("tool_choice", TOOL_CHOICE),
            optional("max_output_tokens", MAX_OUTPUT_TOKENS),
            optional(
                "truncation",
                Either(&[OneOf(&["auto", "disabled"]), Object(RETENTION)]),
            ),
            optional(
                "tracing",
                OrNull(&Either(&[OneOf(&["auto"]), Object(TRACING)])),
            ),
            optional(
                "include",
                OrNull(&List(&OneOf(&["item.input_audio_transcription.logprobs"]))),
            ),
            optional("prompt", PROMPT),
            optional("reasoning", REASONING),
            optional("parallel_tool_calls", Flag),
        ],
    )],
};

const RETENTION: &[Field] = &[
    required("type", OneOf(&["retention_ratio"])),
    required("retention_ratio", Number { min: 0.0, max: 1.0 }),
    optional(
        "token_limits",
        Object(&[optional(
            "post_instructions",
            Whole {
                min: 0,
                max: i64::MAX,
            },
        )]),
    ),
];

const TRACING: &[Field] = &[
    optional("workflow_name", Text),
    optional("group_id", Text),
    optional("metadata", Any),
];

const CONTENT: Shape = Tagged {
    tag: "type",
    variants: &[
        ("input_text", &[required("text", Text)]),
        (
            "input_audio",
            &[
                optional("audio", Text),
                optional("transcript", OrNull(&Text)),
            ],
        ),
        (
            "input_image",
            &[
                required("image_url", Text),
                optional("detail", OneOf(&["auto", "low", "high"])),
            ],
        ),
        ("output_text", &[required("text", Text)]),
        (
            "output_audio",
            &[
                optional("audio", Text),
                optional("transcript", OrNull(&Text)),
            ],
        ),
    ],
};

const STATUS: Shape = OneOf(&["completed", "incomplete", "in_progress"]);
const OBJECT: Shape = OneOf(&["realtime.item"]);

/// Items that a client may create.
pub(super) const ITEM: Shape = Tagged {
    tag: "type",
    variants: &[
        (
            "message",
            &[
                required("role", OneOf(&["user", "assistant", "system"])),
                required("content", List(&CONTENT)),
                optional("id", Text),
                optional("object", OBJECT),
                optional("status", STATUS),
                optional("phase", Any),
            ],
        ),
        (
            "function_call",
            &[
                required("name", Text),
                required("arguments", Text),
                optional("call_id", Text),
                optional("id", Text),
                optional("object", OBJECT),
                optional("status", STATUS),
            ],
        ),
        (
            "function_call_output",
            &[
                required("call_id", Text),
                required("output", Text),
                optional("id", Text),
                optional("object", OBJECT),
                optional("status", STATUS),
            ],
        ),
        ("item_reference", &[required("id", Text)]),
    ],
};

const RESPONSE: Shape = Object(&[
    optional("instructions", Text),
    optional("output_modalities", MODALITIES),
    optional(
        "audio",
        Object(&[optional(
            "output",
            Object(&[optional("format", FORMAT), optional("voice", VOICE)]),
        )]),
    ),
    optional("tools", List(&TOOL)),
    optional("tool_choice", TOOL_CHOICE),
    optional("max_output_tokens", MAX_OUTPUT_TOKENS),
    optional("metadata", OrNull(&Any)),
    optional("conversation", OneOf(&["auto", "none"])),
    optional("input", List(&ITEM)),
    optional("prompt", PROMPT),
    optional("reasoning", REASONING),
    optional("parallel_tool_calls", Flag),
]);

const EVENT_ID: Field = optional("event_id", Text);

/// Every event that a client may send.
pub(super) const CLIENT_EVENT: Shape = Tagged {
    tag: "type",
    variants: &[
        ("session.update", &[EVENT_ID, required("session", SESSION)]),
        (
            "input_audio_buffer.append",
            &[EVENT_ID, required("audio", Text)],
        ),
        ("input_audio_buffer.commit", &[EVENT_ID]),
        ("input_audio_buffer.clear", &[EVENT_ID]),
        (
            "conversation.item.create",
            &[
                EVENT_ID,
                required("item", ITEM),
                optional("previous_item_id", OrNull(&Text)),
            ],
        ),
        (
            "conversation.item.truncate",
            &[
                EVENT_ID,
                required("item_id", Text),
                required(
                    "content_index",
                    Whole {
                        min: 0,
                        max: i64::MAX,
                    },
                ),
                required(
                    "audio_end_ms",
                    Whole {
                        min: 0,
                        max: i64::MAX,
                    },
                ),
            ],
        ),
        (
            "conversation.item.delete",
            &[EVENT_ID, required("item_id", Text)],
        ),
        (
            "conversation.item.retrieve",
            &[EVENT_ID, required("item_id", Text)],
        ),
        (
            "response.create",
            &[EVENT_ID, optional("response", OrNull(&RESPONSE))],
        ),
        (
            "response.cancel",
            &[EVENT_ID, optional("response_id", OrNull(&Text))],
        ),
    ],
};
