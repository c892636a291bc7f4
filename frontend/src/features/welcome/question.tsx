import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { useDocumentTitle } from '@/lib/document-title'
import { WELCOME_STEPS, type WelcomeStep } from './steps'
import type { FirstMinutes } from './use-first-minutes'

interface QuestionProps {
  step: WelcomeStep
  title: string
  hint: string
  /** What the question is about, beside its number. */
  about?: string | undefined
  minutes: FirstMinutes
  /** The words of the button that goes on, where it is not the usual one. */
  done?: string
  onDone: () => void
  children: ReactNode
}

const HEADING = 'question'
const NOTE = 'question-note'

/** One screen, one question: where we are above it, the way on below it. */
export function Question(props: QuestionProps) {
  const { step, title, hint, minutes, done } = props
  const { t } = useTranslation(['welcome', 'common'])
  const heading = useRef<HTMLHeadingElement>(null)
  useDocumentTitle(title)
  // A new question is a new page to those who hear it: they begin at its heading.
  useEffect(() => heading.current?.focus(), [step])
  return (
    <main id="content" className="mx-auto flex h-dvh w-full max-w-176 flex-col">
      <Top step={step} minutes={minutes} />
      <form
        noValidate
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => {
          event.preventDefault()
          props.onDone()
        }}
      >
        <div className="min-h-0 flex-1 overflow-y-auto px-4 pt-4 pb-6 tablet:px-6 tablet:pt-10">
          <div className="flex flex-col gap-1 pb-6">
            <p id="progress" className="text-small text-ink-soft">
              {t('progress', { at: WELCOME_STEPS.indexOf(step) + 1, of: WELCOME_STEPS.length })}
              {props.about !== undefined && ` · ${props.about}`}
            </p>
            <h1
              ref={heading}
              id={HEADING}
              tabIndex={-1}
              aria-describedby={`progress ${NOTE}`}
              className="font-said text-title outline-none"
            >
              {title}
            </h1>
            <p id={NOTE} className="text-base text-ink-soft">
              {hint}
            </p>
          </div>
          {props.children}
        </div>
        <div className="flex flex-col gap-3 border-t border-line px-4 pt-4 pb-[max(1rem,env(safe-area-inset-bottom))] tablet:px-6">
          {minutes.fault !== null && (
            <p role="alert" className="text-base">
              <span className="text-danger">{minutes.fault}</span> {t('kept')}
            </p>
          )}
          <div className="flex flex-wrap gap-3">
            <Button type="submit" disabled={minutes.busy} className="min-h-12 flex-1">
              {minutes.fault === null ? (done ?? t('next')) : t('common:retry')}
            </Button>
            {(done === undefined || minutes.fault !== null) && (
              <Button weight="quiet" className="min-h-12" onClick={minutes.skip}>
                {minutes.fault === null ? t('skip') : t('goOn')}
              </Button>
            )}
          </div>
        </div>
      </form>
    </main>
  )
}

/** The ids of what names the question and what explains it, for the field that answers it. */
export const questionIds = { labelledBy: HEADING, describedBy: NOTE }

function Top({ step, minutes }: { step: WelcomeStep; minutes: FirstMinutes }) {
  const { t } = useTranslation('welcome')
  const { back } = minutes
  const at = WELCOME_STEPS.indexOf(step)
  return (
    <div className="flex min-h-14 items-center gap-2 px-2 tablet:px-4">
      <div className="flex-1">
        {back !== undefined && (
          <button
            type="button"
            aria-label={t('back')}
            className="flex size-11 items-center justify-center rounded-full hover:bg-sunken"
            onClick={back}
          >
            <Icon name="back" />
          </button>
        )}
      </div>
      <div aria-hidden="true" className="flex min-w-0 shrink gap-1.5">
        {WELCOME_STEPS.map((each, index) => (
          <span
            key={each}
            className={`h-1 w-6 min-w-1 shrink rounded-full ${index <= at ? 'bg-ink' : 'bg-line'}`}
          />
        ))}
      </div>
      <div className="flex flex-1 justify-end">
        <button
          type="button"
          className="min-h-11 rounded-full px-3 text-base whitespace-nowrap text-ink-soft hover:text-ink"
          onClick={minutes.skipAll}
        >
          {t('skipAll')}
        </button>
      </div>
    </div>
  )
}
