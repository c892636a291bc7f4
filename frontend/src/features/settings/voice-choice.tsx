import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { FaultLine } from '@/components/fault-line'
import { ChoiceCards, type Choice } from '@/components/ui/choice-cards'
import { Icon } from '@/components/ui/icon'
import type { Session } from '@/lib/api/models'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { useSessionSetting } from './learner-settings'
import { Skeleton } from './session-page'
import { SettingRow } from './setting-row'
import { useSamples, type Sample } from './use-samples'
import { voicesQuery } from './voice-queries'

/** The tutor's voice, each with a button to hear it. */
export function VoiceChoice({ session }: { session: Session }) {
  const { t } = useTranslation(['settings', 'common'])
  const { api } = useServices()
  const setting = useSessionSetting(session, 'voice')
  const query = useQuery(voicesQuery(api))
  const { sample, toggle } = useSamples(session.target_language)
  const voices = query.data?.items ?? []
  const chosen = setting.value ?? voices.find(({ is_default }) => is_default)?.id ?? ''
  const choices: Choice<string>[] = voices.map(({ id, name, is_default }) => ({
    value: id,
    label: name,
    ...(is_default ? { hint: t('voice.usual') } : {}),
    aside: (
      <Hear name={name} sample={sample?.voice === id ? sample : null} onPress={() => toggle(id)} />
    ),
  }))
  // Chosen with another provider, or known to the learner alone.
  if (setting.value !== null && !voices.some(({ id }) => id === setting.value)) {
    choices.push({ value: setting.value, label: setting.value, hint: t('voice.away') })
  }
  return (
    <SettingRow title={t('voice.title')} hint={t('voice.hint')} setting={setting}>
      {(ids) => (
        <>
          {query.isPending && (
            <Skeleton name={t('common:loading')} heights={[14, 14, 14, 14, 14]} />
          )}
          {query.isError && <FaultLine fault={query.error} onRetry={() => void query.refetch()} />}
          {query.isSuccess && choices.length === 0 && (
            <p className="text-base text-ink-soft">{t('voice.none')}</p>
          )}
          {query.isSuccess && choices.length > 0 && (
            <ChoiceCards {...ids} value={chosen} onChoose={setting.change} choices={choices} />
          )}
          <p role="alert" className="text-small text-danger empty:hidden">
            {sample?.status === 'failed' && wordsFor(sample.fault)}
          </p>
        </>
      )}
    </SettingRow>
  )
}

interface HearProps {
  name: string
  sample: Sample | null
  onPress: () => void
}

function Hear({ name, sample, onPress }: HearProps) {
  const { t } = useTranslation('settings')
  const status = sample?.status ?? 'silent'
  const isOn = status === 'loading' || status === 'playing'
  return (
    <>
      <span role="status" className="sr-only">
        {status === 'loading' && t('voice.loading', { name })}
        {status === 'playing' && t('voice.playing', { name })}
      </span>
      <button
        type="button"
        aria-label={isOn ? t('voice.stop', { name }) : t('voice.hear', { name })}
        data-sample={status}
        onClick={onPress}
        className={`flex size-11 shrink-0 items-center justify-center rounded-full hover:bg-sunken ${
          isOn ? 'text-tutor' : 'text-ink-soft hover:text-ink'
        }`}
      >
        <Icon
          name={isOn ? 'stop' : 'play'}
          className={`size-6 ${status === 'loading' ? 'animate-breathe' : ''}`}
        />
      </button>
    </>
  )
}
