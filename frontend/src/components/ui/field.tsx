/** A labelled input, textarea or select with its hint and its error. Works with react-hook-form's `register`. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from '@/lib/cx';

interface Common {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  wrapperClassName?: string;
}

/** A label with what belongs to it, around any control. */
export function Wrapper({
  id,
  label,
  hint,
  error,
  className,
  children,
}: Omit<Common, 'wrapperClassName'> & { id: string; className?: string; children: ReactNode }) {
  return (
    <div className={cx('grid content-start gap-1.5', className)}>
      <label htmlFor={id} className="text-sm font-medium text-text-2">
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-sm text-err">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-sm text-text-3">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** What a control is described by. */
export function describedBy(id: string, hint: ReactNode, error: string | undefined): string | undefined {
  if (error) return `${id}-error`;
  return hint ? `${id}-hint` : undefined;
}

export function TextField({
  label,
  hint,
  error,
  wrapperClassName,
  className,
  ...rest
}: Common & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Wrapper id={id} label={label} hint={hint} error={error} className={wrapperClassName}>
      <input
        id={id}
        className={cx('field', className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
        {...rest}
      />
    </Wrapper>
  );
}

export function TextArea({
  label,
  hint,
  error,
  wrapperClassName,
  className,
  ...rest
}: Common & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Wrapper id={id} label={label} hint={hint} error={error} className={wrapperClassName}>
      <textarea
        id={id}
        className={cx('field', className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
        {...rest}
      />
    </Wrapper>
  );
}

export function SelectField({
  label,
  hint,
  error,
  wrapperClassName,
  className,
  children,
  ...rest
}: Common & ComponentProps<'select'>) {
  const id = useId();
  return (
    <Wrapper id={id} label={label} hint={hint} error={error} className={wrapperClassName}>
      <select
        id={id}
        className={cx('field', className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
        {...rest}
      >
        {children}
      </select>
    </Wrapper>
  );
}
