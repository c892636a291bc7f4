import i18n from 'i18next'
import type { Conversation } from '@/lib/api/models'
import { saveFile } from '@/lib/save-file'
import type { Clock } from '@/lib/time'
import { scriptFileName, scriptText } from './script-text'

/** Saves a conversation as a file of plain text. It is made here: no server is asked. */
export function saveAsText(conversation: Conversation & { summary: string }, clock: Clock): void {
  const words = {
    you: i18n.t('common:script.you'),
    tutor: i18n.t('common:script.tutor'),
    cut: i18n.t('common:script.cut'),
    pending: i18n.t('common:script.pending'),
    unreadable: i18n.t('history:unreadable'),
    open: i18n.t('history:open'),
    mode: i18n.t(`talk:modes.${conversation.mode}`),
    minutes: (count: number) => i18n.t('history:minutes', { count }),
  }
  const text = scriptText(conversation, words, clock)
  const file = new Blob([text], { type: 'text/plain;charset=utf-8' })
  saveFile(file, scriptFileName(conversation.started_at, clock))
}
