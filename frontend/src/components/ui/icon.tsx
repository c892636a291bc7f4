const paths = {
  microphone: 'M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11a7 7 0 0 0 14 0M12 18v3',
  microphoneOff:
    'M9 9v3a3 3 0 0 0 4.6 2.5M15 10.5V6a3 3 0 0 0-5.6-1.5M5 11a7 7 0 0 0 10.6 6M19 11a7 7 0 0 1-.8 3.3M12 18v3M4 4l16 16',
  keyboard:
    'M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6ZM6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8',
  end: 'M1.8 13.4c5.6-5.4 14.8-5.4 20.4 0 .5.5.5 1.2.1 1.7l-2 2.2c-.4.5-1.1.6-1.6.2l-2.7-1.7c-.4-.3-.6-.8-.5-1.2l.2-1.9a11.5 11.5 0 0 0-7.4 0l.2 1.9c.1.4-.1.9-.5 1.2l-2.7 1.7c-.5.4-1.2.3-1.6-.2l-2-2.2c-.4-.5-.4-1.2.1-1.7Z',
  send: 'M5 12h13M12.5 6l6 6-6 6',
  chevron: 'M7 10l5 5 5-5',
  back: 'M15 5l-7 7 7 7',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  eyeOff:
    'M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6.2 7.6A17 17 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M10 10a3 3 0 0 0 4 4',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  search: 'M11 17.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM20 20l-4.4-4.4',
  letters: 'M3 18.5 8 5.5l5 13M4.8 14h6.4M14.5 18.5l3-8 3 8M15.6 15.8h3.8',
  script: 'M4.5 6.5h15M4.5 12h15M4.5 17.5h9',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  more: 'M5 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM17 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z',
  save: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  print: 'M7 9V4h10v5M7 17H4.5v-7h15v7H17M7 14h10v6H7v-6Z',
  copy: 'M9 9h10.5v10.5H9V9ZM15 9V4.5H4.5V15H9',
  up: 'M12 19V6M6 11.5l6-6 6 6',
  forward: 'M9 5l7 7-7 7',
  settings:
    'M4 7h9M17 7h3M13 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM4 17h3M11 17h9M7 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z',
  book: 'M12 6.5C10 5 7.5 4.5 4 4.5v13c3.5 0 6 .5 8 2 2-1.5 4.5-2 8-2v-13c-3.5 0-6 .5-8 2ZM12 6.5v13',
  voice: 'M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4',
  bookmark: 'M7 4.5h10v15l-5-4-5 4v-15Z',
  box: 'M4 8l8-4 8 4v8l-8 4-8-4V8ZM4 8l8 4 8-4M12 12v8',
  play: 'M8 5.5v13l10.5-6.5L8 5.5Z',
  stop: 'M7 7h10v10H7z',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
}

export type IconName = keyof typeof paths

/** A drawing that only repeats what the words beside it, or the control's name, already say. */
export function Icon({ name, className = 'size-6' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={`shrink-0 ${className}`}
      fill={name === 'end' ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth={name === 'end' ? 0 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  )
}
