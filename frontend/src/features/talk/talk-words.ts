import type { TFunction } from 'i18next'
import { remedyOf } from '@/lib/devices/refusal'
import { wordsForCode } from '@/lib/errors'
import type { Note, Status } from './talk-view'

export interface StatusWords {
  text: string
  hint?: string
}

/** The words under the shape. `code` is the fault's, where there is one. */
export function statusWords(
  status: Status,
  t: TFunction<'talk'>,
  code: string | null,
): StatusWords {
  switch (status) {
    case 'start':
      return { text: t('title'), hint: t('startHint') }
    case 'resume':
      return { text: t('resumeHint') }
    case 'elsewhere':
      return { text: t('elsewhereHint') }
    case 'moved':
      return { text: t('movedHint') }
    case 'asking':
      return { text: t('asking') }
    case 'denied':
      return { text: t('refused.denied'), hint: t(`remedy.${remedyOf('denied')}`) }
    case 'absent':
      return { text: t('refused.absent'), hint: t(`remedy.${remedyOf('absent')}`) }
    case 'busy':
      return { text: t('refused.busy'), hint: t(`remedy.${remedyOf('busy')}`) }
    case 'unplugged':
      return { text: t('lost.unplugged'), hint: t('lost.pluggedAgain') }
    case 'withdrawn':
      return { text: t('lost.withdrawn'), hint: t(`remedy.${remedyOf('denied')}`) }
    case 'stopped':
      return { text: t('lost.stopped'), hint: t('lost.goesOn') }
    case 'taken':
      return { text: t('lost.taken'), hint: t('lost.givenBack') }
    case 'calling':
      return { text: t('calling') }
    case 'late':
      return { text: t('late') }
    case 'very_late':
      return { text: t('veryLate') }
    case 'listening':
      return { text: t('listening') }
    case 'typed_only':
      return { text: t('typedOnly') }
    case 'muted':
      return { text: hasKeyboard() ? t('muted') : t('mutedTouch') }
    case 'hold_to_speak':
      return { text: hasKeyboard() ? t('hold.withSpace') : t('hold.withButton') }
    case 'holding':
      return { text: t('hold.letGo') }
    case 'thinking':
      return { text: t('thinking') }
    case 'speaking':
      return { text: t('speaking') }
    case 'reconnecting':
      return { text: t('reconnecting') }
    case 'unavailable':
      return { text: t('unavailable') }
    case 'ending':
      return { text: t('ending') }
    case 'failed':
      return { text: wordsForCode(code) }
    case 'ended':
    case 'quiet':
      return { text: '' }
  }
}

/** What is said beside the talk, in one line. */
export function noteWords(note: Note, t: TFunction<'talk'>): string {
  switch (note) {
    case 'denied':
      return t('refused.denied')
    case 'absent':
      return t('refused.absent')
    case 'busy':
      return t('refused.busy')
    case 'unplugged':
      return t('lost.unplugged')
    case 'withdrawn':
      return t('lost.withdrawn')
    case 'stopped':
      return t('lost.stopped')
    case 'taken':
      return t('lost.taken')
    case 'system_loudspeaker':
      return t('systemLoudspeaker')
    case 'poor_line':
      return t('poorLine')
  }
}

function hasKeyboard(): boolean {
  return window.matchMedia('(hover: hover) and (pointer: fine)').matches
}
