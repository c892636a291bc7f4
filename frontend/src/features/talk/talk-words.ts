import type { Messages } from '@/lib/messages'
import type { Status } from './talk-view'

type Browser = 'chromium' | 'firefox' | 'safari'

export interface StatusWords {
  text: string
  hint?: string
}

/** The words under the shape. `code` is the fault's, where there is one. */
export function statusWords(status: Status, messages: Messages, code: string | null): StatusWords {
  const { talk } = messages
  switch (status) {
    case 'start':
      return { text: talk.title, hint: talk.startHint }
    case 'resume':
      return { text: talk.resumeHint }
    case 'elsewhere':
      return { text: talk.elsewhereHint }
    case 'moved':
      return { text: talk.movedHint }
    case 'asking':
      return { text: talk.asking }
    case 'denied':
      return { text: talk.refused.denied, hint: talk.remedy[browser()] }
    case 'absent':
      return { text: talk.refused.absent, hint: talk.remedy.absent }
    case 'busy':
      return { text: talk.refused.busy, hint: talk.remedy.busy }
    case 'calling':
      return { text: talk.calling }
    case 'late':
      return { text: talk.late }
    case 'very_late':
      return { text: talk.veryLate }
    case 'listening':
      return { text: talk.listening }
    case 'typed_only':
      return { text: talk.typedOnly }
    case 'muted':
      return { text: hasKeyboard() ? talk.muted : talk.mutedTouch }
    case 'thinking':
      return { text: talk.thinking }
    case 'speaking':
      return { text: talk.speaking }
    case 'reconnecting':
      return { text: talk.reconnecting }
    case 'unavailable':
      return { text: talk.unavailable }
    case 'ending':
      return { text: talk.ending }
    case 'failed':
      return { text: faultWords(messages, code) }
    case 'ended':
    case 'quiet':
      return { text: '' }
  }
}

function faultWords({ errors }: Messages, code: string | null): string {
  const known: Record<string, string | undefined> = errors
  return known[code ?? ''] ?? errors.internal
}

/** Where the microphone is allowed again differs from browser to browser. */
function browser(): Browser {
  const agent = navigator.userAgent
  if (agent.includes('Firefox')) return 'firefox'
  return agent.includes('Safari') && !agent.includes('Chrom') ? 'safari' : 'chromium'
}

function hasKeyboard(): boolean {
  return window.matchMedia('(hover: hover) and (pointer: fine)').matches
}
